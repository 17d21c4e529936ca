-- A request of a client, in a time that begins with the first one. Stands alone, without the prelude.
-- KEYS: counter. ARGV: milliseconds. Returns the requests in that time, and the milliseconds until it ends.
local requests = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  left = tonumber(ARGV[1])
end
return {requests, left}
