-- A child of a worker died. ARGV: owner, pid, id, call. Returns the status that its job has now, or false.
local owner, pid, id, call = unpack(ARGV)
if answered(call) then return answered(call) end
local mine = 'fp:worker:' .. owner
if redis.call('HGET', mine, pid) == id then redis.call('HDEL', mine, pid) end
local old = redis.call('HMGET', job(id), 'status', 'owner', 'pid')
if old[1] ~= 'running' or old[2] ~= owner or old[3] ~= pid then return false end
return answer(call, lost(id, 'process_died', 'the process that ran it died'))
