-- Over the hard time limit: running -> failed. ARGV: id, attempt, owner, problem. Returns 1, or 0 where it is over.
-- The record forgets its owner, so that the child cannot commit; the worker's list keeps it, so that the child is killed.
local id, attempt, owner, problem = unpack(ARGV)
local key = job(id)
local old = redis.call('HMGET', key, 'status', 'attempt', 'owner')
if old[1] ~= 'running' or old[2] ~= attempt or old[3] ~= owner then return 0 end
redis.call('HSET', key, 'problem', problem)
redis.call('HDEL', key, 'owner')
finish(id, 'failed', problem)
return 1
