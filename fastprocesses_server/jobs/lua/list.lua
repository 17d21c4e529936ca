-- Public jobs, newest first. ARGV: offset, limit. Returns their records and whether there are more.
local offset, limit = tonumber(ARGV[1]), tonumber(ARGV[2])
local records = {}
for _, id in ipairs(redis.call('ZREVRANGE', 'fp:jobs', offset, offset + limit - 1)) do
  records[#records + 1] = redis.call('HGETALL', job(id))
end
return {records, redis.call('ZCARD', 'fp:jobs') > offset + limit and 1 or 0}
