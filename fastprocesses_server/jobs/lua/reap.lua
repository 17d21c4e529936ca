-- What is overdue. Any number of processes may call it: the deadline that it moves makes each job one caller's.
-- ARGV: time of suspicion, time after which a message that seems lost is sent again. Returns id and new status of what
-- was lost.
local suspicion, patience = tonumber(ARGV[1]), tonumber(ARGV[2])
local moved = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', 'fp:due', '-inf', now, 'LIMIT', 0, 100)) do
  local key = job(id)
  local old = redis.call('HMGET', key, 'status', 'suspect', 'held')
  if old[1] == 'running' and not old[2] then
    -- A clock that jumped or a Redis that stood still looks like a dead worker: a second look decides.
    redis.call('HSET', key, 'suspect', 1)
    redis.call('ZADD', 'fp:due', now + suspicion, id)
  elseif old[1] == 'running' then
    moved[#moved + 1] = {id, lost(id, 'the worker that ran it was lost')}
  else
    redis.call('ZREM', 'fp:due', id)
    if old[1] == 'accepted' and old[3] then publish(id, old[3] == 'retry') end
  end
end

-- Fewer messages than jobs that wait for theirs: some were lost, of the jobs that waited longest, as messages are taken
-- in turn. A duplicate is harmless: claiming is compare-and-set.
for _, queue in ipairs(redis.call('SMEMBERS', 'fp:queues')) do
  local missing = redis.call('ZCARD', 'fp:waiting:' .. queue) - redis.call('LLEN', queue)
  for _, id in ipairs(missing > 0 and redis.call('ZRANGE', 'fp:waiting:' .. queue, 0, math.min(missing, 100) - 1) or {}) do
    local old = redis.call('HMGET', job(id), 'missed', 'envelope')
    if not old[1] or now - old[1] >= patience then redis.call('HSET', job(id), 'missed', now) end
    if old[1] and now - old[1] >= patience then redis.call('RPUSH', queue, old[2]) end
  end
end

for _, expired in ipairs(redis.call('ZRANGEBYSCORE', 'fp:expiry', '-inf', now, 'LIMIT', 0, 100)) do
  local id, status, process = expired:match('^(%S+) (%S+) (.*)$')
  redis.call('ZREM', 'fp:expiry', expired)
  delist(id, status, process)
  redis.call('SET', 'fp:gone:' .. id, '', 'PX', 86400000)
end
return moved
