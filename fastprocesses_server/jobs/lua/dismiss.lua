-- accepted or running -> dismissed; killing is a consequence. ARGV: id, 1 where a job that others have joined is spared,
-- call, problem: why it was dismissed, '' where a client wanted it. Returns the status before, or false where there is no
-- such job, or it is spared.
local id, spares, call, problem = unpack(ARGV)
if answered(call) then return answered(call) end
local old = redis.call('HMGET', job(id), 'status', 'key')
if spares == '1' and old[2] and redis.call('GET', 'fp:joint:' .. old[2]) == id
  and redis.call('EXISTS', 'fp:joined:' .. old[2]) == 1 then
  return false
end
if old[1] ~= 'accepted' and old[1] ~= 'running' then return old[1] end
if problem ~= '' then redis.call('HSET', job(id), 'problem', problem) end
finish(id, 'dismissed', problem)
return answer(call, old[1])
