-- accepted or running -> dismissed; killing is a consequence. ARGV: id. Returns the status before, or false.
local status = redis.call('HGET', job(ARGV[1]), 'status')
if status == 'accepted' or status == 'running' then finish(ARGV[1], 'dismissed', '') end
return status
