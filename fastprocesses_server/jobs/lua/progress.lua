-- ARGV: id, attempt, owner, percent, message. Returns 1, or 0 where the job is no longer this attempt's.
local id, attempt, owner, percent, message = unpack(ARGV)
local key = job(id)
local old = redis.call('HMGET', key, 'status', 'attempt', 'owner', 'progress')
if old[1] ~= 'running' or old[2] ~= attempt or old[3] ~= owner then return 0 end
redis.call('HSET', key, 'updated', now, 'progress', math.max(tonumber(percent), tonumber(old[4])))
if message ~= '' then redis.call('HSET', key, 'message', message) end
tell(id, 'running', '', 1000)
return 1
