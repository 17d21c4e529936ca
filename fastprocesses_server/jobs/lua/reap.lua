-- What is overdue. Any number of processes may call it: the deadline that it moves makes each job one caller's.
-- ARGV: time of suspicion, pause before a message is sent again, its longest. Returns id and new status of what was lost.
local suspicion, pause, longest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local moved = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', 'fp:due', '-inf', now, 'LIMIT', 0, 100)) do
  local key = job(id)
  local old = redis.call('HMGET', key, 'status', 'suspect', 'queue', 'envelope', 'published')
  if old[1] == 'running' and not old[2] then
    -- A clock that jumped or a Redis that stood still looks like a dead worker: a second look decides.
    redis.call('HSET', key, 'suspect', 1)
    redis.call('ZADD', 'fp:due', now + suspicion, id)
  elseif old[1] == 'running' then
    moved[#moved + 1] = {id, lost(id, pause, 'the worker that ran it was lost')}
  elseif old[1] == 'accepted' then
    -- Fewer messages than waiting jobs: one was lost. A duplicate is harmless, claiming is compare-and-set.
    if redis.call('LLEN', old[3]) < redis.call('SCARD', 'fp:waiting:' .. old[3]) then
      redis.call('LPUSH', old[3], old[4])
    end
    redis.call('HINCRBY', key, 'published', 1)
    redis.call('ZADD', 'fp:due', now + math.min(pause * (old[5] + 1), longest), id)
  else
    redis.call('ZREM', 'fp:due', id)
  end
end
for _, expired in ipairs(redis.call('ZRANGEBYSCORE', 'fp:expiry', '-inf', now, 'LIMIT', 0, 100)) do
  local id, status, process = expired:match('^(%S+) (%S+) (.*)$')
  redis.call('ZREM', 'fp:expiry', expired)
  delist(id, status, process)
  redis.call('SET', 'fp:gone:' .. id, '', 'PX', 86400000)
end
return moved
