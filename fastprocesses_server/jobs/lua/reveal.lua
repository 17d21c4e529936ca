-- A sync run whose client waited long enough becomes a public job. ARGV: id, record TTL, results TTL.
-- Returns 1, or 0 where there is no such run.
local id = ARGV[1]
local key = job(id)
local old = redis.call('HMGET', key, 'created', 'finished', 'status', 'process', 'maker')
if not old[1] then return 0 end
redis.call('HSET', key, 'public', 1, 'record_ttl', ARGV[2], 'results_ttl', ARGV[3])
redis.call('HDEL', key, 'reply')
enlist(id, old[3], old[4], old[5], old[1])
if old[2] then keep(id) end
return 1
