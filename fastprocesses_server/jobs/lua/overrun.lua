-- Over a limit of time or memory: running -> failed. ARGV: id, attempt, owner, call, problem. Returns the status now, or
-- false where the job is another's or over.
-- The record forgets its owner, so that the child cannot commit; the worker's list keeps it, so that the child is killed.
local id, attempt, owner, call, problem = unpack(ARGV)
if answered(call) then return answered(call) end
if not runs(id, attempt, owner) then return false end
tally('setback over_limit', redis.call('HGET', job(id), 'process'))
redis.call('HDEL', job(id), 'owner')
fail(id, problem)
return answer(call, 'failed')
