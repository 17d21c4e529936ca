-- running -> accepted, after an exception that the description file names; failed where the attempts are used up.
-- ARGV: id, attempt, owner, call, pause before the next attempt, message, problem. Returns the status now, or false where the
-- job is another's.
local id, attempt, owner, call, pause, message, problem = unpack(ARGV)
local key = job(id)
if answered(call) then return answered(call) end
if not runs(id, attempt, owner) then return false end
local old = redis.call('HMGET', key, 'pid', 'attempts', 'process')
redis.call('HDEL', 'fp:worker:' .. owner, old[1])
if tonumber(attempt) >= tonumber(old[2]) then
  fail(id, problem)
  return answer(call, 'failed')
end
tally('setback retried', old[3])
stop_running(id)
redis.call('HSET', key, 'message', message)
if tonumber(pause) > 0 then put_off(id, 'retry', now + pause) else publish(id, true) end
return answer(call, 'accepted')
