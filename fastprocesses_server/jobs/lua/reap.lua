-- What is overdue. Any number of processes may call it: the deadline that it moves makes each job one caller's.
-- ARGV: time of suspicion, time after which a message that seems lost is sent again, lease. Returns id and new status of
-- what was lost.
local suspicion, patience, lease = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local moved = {}
local queues = redis.call('SMEMBERS', 'fp:queues')

-- A clock that jumped or a Redis that stood still looks like a dead worker: a second look decides.
local function suspect(id)
  redis.call('HSET', job(id), 'suspect', 1)
  redis.call('ZADD', 'fp:due', now + suspicion, id)
end

-- A lease or a pause is over.
local function end_wait(id)
  local old = redis.call('HMGET', job(id), 'status', 'suspect', 'held')
  if old[1] == 'running' and not old[2] then
    suspect(id)
  elseif old[1] == 'running' then
    moved[#moved + 1] = {id, lost(id, 'worker_lost', 'the worker that ran it was lost')}
  else
    redis.call('ZREM', 'fp:due', id)
    if old[1] == 'accepted' and old[3] then publish(id, old[3] == 'retry') end
  end
end

-- Fewer messages than jobs that wait for theirs: some were lost, of the jobs that waited longest, as messages are taken
-- in turn. A duplicate is harmless: claiming is compare-and-set.
local function send_missing(queue)
  local missing = redis.call('ZCARD', 'fp:waiting:' .. queue) - redis.call('LLEN', queue)
  if missing <= 0 then return end
  for _, id in ipairs(redis.call('ZRANGE', 'fp:waiting:' .. queue, 0, math.min(missing, 100) - 1)) do
    local old = redis.call('HMGET', job(id), 'missed', 'envelope')
    if not old[1] or now - old[1] >= patience then redis.call('HSET', job(id), 'missed', now) end
    if old[1] and now - old[1] >= patience then redis.call('RPUSH', queue, old[2]) end
  end
end

-- Nothing was heard of a worker for a lease; here too a second look decides.
local function miss(owner)
  local since = redis.call('HGET', 'fp:silent', owner)
  if not since then redis.call('HSET', 'fp:silent', owner, now) end
  if not since or now - since < suspicion then return end
  for _, queue in ipairs(queues) do redis.call('ZREM', 'fp:workers:' .. queue, owner) end
  for _, known in ipairs({'fp:registries', 'fp:folders', 'fp:silent'}) do redis.call('HDEL', known, owner) end
  if redis.call('EXISTS', 'fp:left:' .. owner) == 0 then redis.call('HINCRBY', 'fp:counts', 'workers-lost', 1) end
end

-- The record of a public job has expired.
local function forget(expired)
  local id, status, process, maker = expired:match('^(%S+) (%S+) (%S+) ?(.*)$')
  redis.call('ZREM', 'fp:expiry', expired)
  delist(id, status, process, maker ~= '' and maker)
  redis.call('SET', 'fp:gone:' .. id, maker, 'PX', 86400000)
end

for _, id in ipairs(redis.call('ZRANGEBYSCORE', 'fp:due', '-inf', now, 'LIMIT', 0, 100)) do end_wait(id) end
for _, queue in ipairs(queues) do
  send_missing(queue)
  for _, owner in ipairs(redis.call('ZRANGEBYSCORE', 'fp:workers:' .. queue, '-inf', now - lease)) do miss(owner) end
end
for _, expired in ipairs(redis.call('ZRANGEBYSCORE', 'fp:expiry', '-inf', now, 'LIMIT', 0, 100)) do forget(expired) end
return moved
