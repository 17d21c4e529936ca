-- A callback is one process's, for the time of a lease. ARGV: id, lease.
-- Returns the job's record, its request and the callback, or false where there is nothing to do: a duplicate message,
-- a job that was removed, a sink that fell silent since the message was sent.
local id, lease = ARGV[1], ARGV[2]
local key = callback(id)
local old = redis.call('HMGET', key, 'uri', 'after', 'news')
if not old[1] or now < tonumber(old[2]) or redis.call('EXISTS', job(id)) == 0 then return false end
local known = redis.call('HMGET', sink(old[1]), 'silent', 'probe')
if known[1] ~= '0' and known[2] ~= id then
  redis.call('ZADD', 'fp:callback-due', now, id)
  return false
end
if old[3] then
  redis.call('HSET', key, 'event', redis.call('HINCRBY', job(id), 'told', 1))
  redis.call('HDEL', key, 'news')
end
redis.call('HINCRBY', key, 'tries', 1)
redis.call('HSET', key, 'after', now + lease)
redis.call('ZADD', 'fp:callback-due', now + lease, id)
return {redis.call('HGETALL', job(id)), redis.call('GET', job(id) .. ':request'), redis.call('HGETALL', key)}
