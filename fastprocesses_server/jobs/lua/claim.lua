-- accepted -> running. ARGV: id, owner, pid, lease, pause.
-- Returns the record and its request, or false where there is nothing to do: a duplicate message, a dismissed job.
local id, owner, pid, lease, pause = unpack(ARGV)
local key = job(id)
local old = redis.call('HMGET', key, 'status', 'owner', 'pid', 'queue')
local again = old[1] == 'running' and old[2] == owner and old[3] == pid -- the first answer was lost
if old[1] ~= 'accepted' and not again then return false end
if not again then
  -- A job that this process claimed, but heard no answer for, and so never ran.
  local stale = redis.call('HGET', 'fp:worker:' .. owner, pid)
  local held = stale and redis.call('HMGET', job(stale), 'status', 'owner', 'pid')
  if held and held[1] == 'running' and held[2] == owner and held[3] == pid then
    lost(stale, pause, 'its worker gave it up')
  end
  redis.call('HINCRBY', key, 'attempt', 1)
  become(id, 'running', 'owner', owner, 'pid', pid, 'started', now)
  redis.call('SREM', 'fp:waiting:' .. old[4], id)
  redis.call('HSET', 'fp:worker:' .. owner, pid, id)
  redis.call('ZADD', 'fp:due', now + lease, id)
  tell(id, 'running', '', 0)
end
return {redis.call('HGETALL', key), redis.call('GET', key .. ':request')}
