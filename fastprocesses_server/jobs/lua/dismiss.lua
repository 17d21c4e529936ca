-- accepted or running -> dismissed; killing is a consequence. ARGV: id, 1 where a job that others have joined is spared.
-- Returns the status before, or false.
local id = ARGV[1]
local old = redis.call('HMGET', job(id), 'status', 'key')
if ARGV[2] == '1' and old[2] and redis.call('GET', 'fp:joint:' .. old[2]) == id
  and redis.call('EXISTS', 'fp:joined:' .. old[2]) == 1 then
  return old[1]
end
if old[1] == 'accepted' or old[1] == 'running' then finish(id, 'dismissed', '') end
return old[1]
