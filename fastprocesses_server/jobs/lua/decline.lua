-- running -> accepted: this worker's process does not fit the job, another's may. The start does not count.
-- It fails once no live worker of its queue has a process that fits, for as long as that.
-- ARGV: id, attempt, owner, call, lease, fingerprint of the worker's registry, what the job waits for, problem, pause before
--       the next start, longest time that no worker fits. Returns the status now, and after it the jobs that had joined it and
--       fail with it, with spaces between; false where the job is another's.
local id, attempt, owner, call, lease, registry, reason, problem, pause, longest = unpack(ARGV)
local key = job(id)
if answered(call) then return answered(call) end
if not runs(id, attempt, owner) then return false end
local old = redis.call('HMGET', key, 'pid', 'queue', 'unfit_since', 'key', 'process')
tally('setback unfit', old[5])
local declined = 'fp:declined:' .. id
redis.call('SADD', declined, registry)
redis.call('PEXPIRE', declined, 3600000)
redis.call('HDEL', 'fp:worker:' .. owner, old[1])

local may_fit = false
for _, worker in ipairs(redis.call('ZRANGEBYSCORE', 'fp:workers:' .. old[2], now - lease, '+inf')) do
  local other = redis.call('HGET', 'fp:registries', worker)
  may_fit = may_fit or (other and redis.call('SISMEMBER', declined, other) == 0)
end
local since = not may_fit and old[3] or now
if now - since >= tonumber(longest) then
  local joined = old[4] and redis.call('ZRANGE', 'fp:joined:' .. old[4], 0, -1) or {}
  for _, other in ipairs(joined) do fail(other, problem) end
  fail(id, problem)
  return answer(call, 'failed ' .. table.concat(joined, ' '))
end
stop_running(id)
redis.call('HINCRBY', key, 'attempt', -1)
redis.call('HSET', key, 'unfit_since', since, 'message', reason)
put_off(id, 'unfit', now + pause)
return answer(call, 'accepted')
