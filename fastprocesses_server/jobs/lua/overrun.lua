-- Over a limit of time or memory: running -> failed. ARGV: id, attempt, owner, problem. Returns 1, or 0 where it is over.
-- The record forgets its owner, so that the child cannot commit; the worker's list keeps it, so that the child is killed.
local id, attempt, owner, problem = unpack(ARGV)
if not runs(id, attempt, owner) then return 0 end
redis.call('HDEL', job(id), 'owner')
fail(id, problem)
return 1
