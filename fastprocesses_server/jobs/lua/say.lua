-- Lines for the log of a job. ARGV: id, attempt, owner, most lines that are kept, number of lines that were left out
-- among these, lines. What an attempt said last may come after its end, but not once the job is another's.
-- Returns 1, or 0 where it is.
local id, attempt, owner, most, left_out = unpack(ARGV, 1, 5)
local key = job(id)
local old = redis.call('HMGET', key, 'attempt', 'owner', 'finished')
if old[1] ~= attempt or old[2] ~= owner then return 0 end
left_out = tonumber(left_out)
if #ARGV > 5 then
  local dropped = math.max(redis.call('RPUSH', log(id), unpack(ARGV, 6)) - most, 0)
  redis.call('LTRIM', log(id), -most, -1)
  if dropped > 0 then redis.call('HINCRBY', key, 'dropped', dropped) end
  left_out = left_out + dropped
  if old[3] then redis.call('PEXPIRE', log(id), redis.call('PTTL', key)) end
end
if left_out > 0 then redis.call('HINCRBY', key, 'unlogged', left_out) end
return 1
