-- running -> successful or failed, status and outcome in one step. ARGV: id, attempt, owner, status, manifest or problem.
-- Returns 1; 2 where this very commit came through before and its answer was lost; 0 where the job is another's.
local id, attempt, owner, status, outcome = unpack(ARGV)
local key = job(id)
local old = redis.call('HMGET', key, 'status', 'attempt', 'owner', 'pid')
if old[2] ~= attempt or old[3] ~= owner then return 0 end
if old[1] ~= 'running' then return old[1] == status and 2 or 0 end
if status == 'successful' then
  redis.call('SET', key .. ':results', outcome)
  redis.call('HSET', key, 'progress', 100)
else
  redis.call('HSET', key, 'problem', outcome)
end
finish(id, status, outcome)
redis.call('HDEL', 'fp:worker:' .. owner, old[4])
return 1
