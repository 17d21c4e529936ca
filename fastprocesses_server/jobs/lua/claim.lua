-- accepted -> running. ARGV: id, owner, pid, lease, fingerprint of the worker's registry, bytes that earlier jobs left in
-- that process, and in what they left running.
-- Returns the record and its request, or false where there is nothing to do: a duplicate message, a dismissed job, one
-- that is put off, one whose process runs as often at once as it may, a worker that has left.
local id, owner, pid, lease, registry, left = unpack(ARGV)
if redis.call('EXISTS', 'fp:left:' .. owner) == 1 then return false end
local key = job(id)
local old = redis.call('HMGET', key, 'status', 'owner', 'pid', 'queue', 'process', 'created', 'concurrency', 'held',
  'updated')
local again = old[1] == 'running' and old[2] == owner and old[3] == pid -- the first answer was lost
if not again and (old[1] ~= 'accepted' or old[8]) then return false end
if not again then
  -- A job that this process claimed, but heard no answer for, and so never ran.
  local stale = redis.call('HGET', 'fp:worker:' .. owner, pid)
  local held = stale and redis.call('HMGET', job(stale), 'status', 'owner', 'pid')
  if held and held[1] == 'running' and held[2] == owner and held[3] == pid then lost(stale, 'process_died', 'its worker gave it up') end
  redis.call('ZREM', 'fp:waiting:' .. old[4], id)
  if old[7] then
    local running = 'fp:running:' .. old[5]
    if redis.call('SCARD', running) >= tonumber(old[7]) then
      redis.call('HSET', key, 'held', 'slot')
      redis.call('ZADD', 'fp:parked:' .. old[5], old[6], id)
      redis.call('SADD', 'fp:parked-from:' .. old[4], id)
      return false
    end
    redis.call('SADD', running, id)
  end
  local attempt = redis.call('HINCRBY', key, 'attempt', 1)
  if redis.call('EXISTS', log(id)) == 1 then
    redis.call('RPUSH', log(id), cjson.encode({now, 'INFO', 'server', 'attempt ' .. attempt .. ' begins'}))
  end
  redis.call('HDEL', key, 'message')
  -- That very version where the worker has it, else its newest.
  local process, version = old[5]:match('^[^:]*'), redis.call('HGET', key, 'version')
  local has = redis.call('HMGET', 'fp:registry:' .. registry, process .. ':' .. version, old[5])
  become(id, 'running', 'owner', owner, 'pid', pid, 'started', now, 'ran', has[1] or has[2] or '',
    'left', left)
  tally_time('wait', old[5], now - old[9])
  redis.call('HSET', 'fp:worker:' .. owner, pid, id)
  redis.call('ZADD', 'fp:due', now + lease, id)
  tell(id, 'running', '', 0)
end
return {redis.call('HGETALL', key), redis.call('GET', key .. ':request')}
