-- accepted or running -> dismissed; killing is a consequence. ARGV: id, 1 where a job that others have joined is spared,
-- call. Returns the status before, or false.
local id, call = ARGV[1], ARGV[3]
if answered(call) then return answered(call) end
local old = redis.call('HMGET', job(id), 'status', 'key')
if ARGV[2] == '1' and old[2] and redis.call('GET', 'fp:joint:' .. old[2]) == id
  and redis.call('EXISTS', 'fp:joined:' .. old[2]) == 1 then
  return old[1]
end
if old[1] ~= 'accepted' and old[1] ~= 'running' then return old[1] end
finish(id, 'dismissed', '')
return answer(call, old[1])
