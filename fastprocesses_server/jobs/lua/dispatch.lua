-- Callbacks that are due go to their queue. Any number of processes may call it.
-- ARGV: queue, pause before a message is sent again, lease of a delivery, age at which a callback is given up.
-- Returns the jobs whose callbacks were given up.
local queue, pause, lease, age = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local given_up = {}

-- When it is this job's turn to ask a sink. One that is unknown or was silent is asked by one job at a time, so that
-- a dead sink holds up one process, and not all of them.
local function turn(id, uri)
  local name = sink(uri)
  local known = redis.call('HMGET', name, 'silent', 'rest', 'probe')
  if known[1] == '0' or known[3] == id then return now end
  local rest = tonumber(known[2] or 0)
  if now < rest then return known[3] and math.min(rest, now + 1000) or rest end
  redis.call('HSET', name, 'probe', id, 'rest', now + lease)
  redis.call('PEXPIRE', name, 86400000)
  return now
end

for _, id in ipairs(redis.call('ZRANGEBYSCORE', 'fp:callback-due', '-inf', now, 'LIMIT', 0, 100)) do
  local old = redis.call('HMGET', callback(id), 'uri', 'since')
  local message = redis.call('HGET', job(id), 'delivery')
  if not message or not old[1] or now - old[2] > age then
    redis.call('DEL', callback(id))
    redis.call('ZREM', 'fp:callback-due', id)
    given_up[#given_up + 1] = id
  else
    local at = turn(id, old[1])
    if at == now then
      -- As many messages as callbacks: this one's is among them. A duplicate is harmless, taking is compare-and-set.
      if redis.call('LLEN', queue) < redis.call('ZCARD', 'fp:callback-due') then
        redis.call('LPUSH', queue, message)
      end
      at = now + pause
    end
    redis.call('ZADD', 'fp:callback-due', at, id)
  end
end
return given_up
