-- A public job as one sees it who follows it. ARGV: id, how many of its lines are known.
-- Returns false where there is none, else the record and the lines beyond the known ones. Where the lines are fewer than
-- those known, their store was lost, and all are new.
local key = job(ARGV[1])
local record = redis.call('HGETALL', key)
if #record == 0 then return false end
local dropped = tonumber(redis.call('HGET', key, 'dropped') or 0)
local known = tonumber(ARGV[2])
if known > dropped + redis.call('LLEN', log(ARGV[1])) then known = 0 end
return {record, known, redis.call('LRANGE', log(ARGV[1]), math.max(known - dropped, 0), -1)}
