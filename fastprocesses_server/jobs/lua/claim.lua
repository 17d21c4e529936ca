-- accepted -> running. ARGV: id, owner, pid, lease.
-- Returns the record and its request, or false where there is nothing to do: a duplicate message, a dismissed job.
local id, owner, pid, lease = unpack(ARGV)
local key = job(id)
local old = redis.call('HMGET', key, 'status', 'owner', 'pid', 'queue')
local again = old[1] == 'running' and old[2] == owner and old[3] == pid -- the first answer was lost
if old[1] ~= 'accepted' and not again then return false end
if not again then
  redis.call('HINCRBY', key, 'attempt', 1)
  redis.call('HSET', key, 'status', 'running', 'owner', owner, 'pid', pid, 'started', now, 'updated', now)
  redis.call('SREM', 'fp:waiting:' .. old[4], id)
  redis.call('HSET', 'fp:worker:' .. owner, id, pid)
  redis.call('ZADD', 'fp:due', now + lease, id)
end
return {redis.call('HGETALL', key), redis.call('GET', key .. ':request')}
