-- What became of a delivery. ARGV: id, event, try, URL, whether the sink answered (1, 0, or '' where it was not asked),
-- pause before the next try or '' where there is none. Returns 1, or 0 where the callback is another's or a newer one.
local id, event, try, uri, answered, pause = unpack(ARGV)
local name = sink(uri)
if answered == '1' then
  redis.call('DEL', name)
  redis.call('HSET', name, 'silent', 0)
  redis.call('PEXPIRE', name, 3600000)
elseif answered == '0' then
  local times = redis.call('HINCRBY', name, 'silent', 1)
  redis.call('HSET', name, 'rest', now + math.min(1000 * 2 ^ (times - 1), 300000))
  redis.call('HDEL', name, 'probe')
  redis.call('PEXPIRE', name, 86400000)
end
local key = callback(id)
local old = redis.call('HMGET', key, 'event', 'tries', 'news')
if old[1] ~= event or old[2] ~= try then return 0 end
if pause == '' and not old[3] then
  redis.call('DEL', key)
  redis.call('ZREM', 'fp:callback-due', id)
  return 1
end
if pause == '' then
  pause = 1000
  redis.call('HSET', key, 'tries', 0, 'since', now)
end
redis.call('HSET', key, 'after', now + pause)
redis.call('ZADD', 'fp:callback-due', now + pause, id)
return 1
