-- A finished job and its results go, a mark stays. ARGV: id. Returns 1, or 0 where the job is not finished.
local id = ARGV[1]
local key = job(id)
local old = redis.call('HMGET', key, 'status', 'record_ttl', 'process', 'maker')
if old[1] ~= 'successful' and old[1] ~= 'failed' then return 0 end
redis.call('DEL', key, key .. ':request', key .. ':results', log(id))
delist(id, old[1], old[3], old[4])
redis.call('ZREM', 'fp:expiry', mortal(id, old[1], old[3], old[4]))
redis.call('SET', 'fp:gone:' .. id, old[4] or '', 'PX', old[2])
return 1
