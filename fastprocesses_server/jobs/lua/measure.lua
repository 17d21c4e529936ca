-- How things are now, at the same cost however many jobs there are. ARGV: lease, queues; those that were used are looked
-- at too.
-- Returns the number of workers, and of each queue its name, jobs with a message in it, how long the first of these has
-- waited, workers heard of within a lease, how long the longest silent one is silent (-1 where there is none).
local lease = tonumber(ARGV[1])
local queues, known = {}, {}

local function look_at(queue)
  if known[queue] then return end
  known[queue] = true
  local waiting, workers = 'fp:waiting:' .. queue, 'fp:workers:' .. queue
  local first = redis.call('ZRANGE', waiting, 0, 0)[1]
  local since = first and redis.call('HGET', job(first), 'updated')
  local silent = redis.call('ZRANGE', workers, 0, 0, 'WITHSCORES')[2]
  queues[#queues + 1] = {queue, redis.call('ZCARD', waiting), since and now - since or 0,
    redis.call('ZCOUNT', workers, now - lease, '+inf'), silent and now - silent or -1}
end

for i = 2, #ARGV do look_at(ARGV[i]) end
for _, queue in ipairs(redis.call('SMEMBERS', 'fp:queues')) do look_at(queue) end
return {redis.call('HLEN', 'fp:registries'), queues}
