-- Public jobs that are asked for, merged from the lists that hold them. ARGV: JSON, see selection.py.
-- Looks at no more than `budget` jobs, and may end before the limit for that. Returns the records in the direction
-- asked, the place to go on from (false at the end), and how many jobs are still to be left out there.
local LARGEST_BATCH = 128
local asked = cjson.decode(ARGV[1])
local cursor = asked.cursor
local older = not (cursor and cursor.direction == 'newer')
local range = older and 'ZREVRANGE' or 'ZRANGE'

-- As Redis orders members; `<` would ask the locale.
local function precedes(a, b)
  for i = 1, math.min(#a, #b) do
    if a:byte(i) ~= b:byte(i) then return a:byte(i) < b:byte(i) end
  end
  return #a < #b
end

-- How many jobs of a list the cursor excludes: going older its own and all newer ones, going newer all older ones.
local function excluded(name)
  if not cursor then return 0 end
  local past = '(' .. cursor.created
  local count = older and redis.call('ZCOUNT', name, past, '+inf') or redis.call('ZCOUNT', name, '-inf', past)
  for _, id in ipairs(redis.call('ZRANGE', name, cursor.created, cursor.created, 'BYSCORE')) do
    if precedes(id, cursor.id) ~= older then count = count + 1 end
  end
  return count
end

-- On to the next job of a list; without an id at its end.
local function advance(source)
  if source.at == #source.batch then
    local stop = math.min(source.rank + source.size, source.stop) - 1
    source.batch = stop >= source.rank and redis.call(range, source.name, source.rank, stop, 'WITHSCORES') or {}
    source.rank, source.at, source.size = stop + 1, 0, math.min(source.size * 2, LARGEST_BATCH)
  end
  source.id, source.created = source.batch[source.at + 1], tonumber(source.batch[source.at + 2])
  source.at = source.at + 2
end

-- A list from its first rank on, in the direction asked, within the time asked.
local function open(name)
  local from, to = asked.earliest or '-inf', asked.latest or '+inf'
  local first = older and redis.call('ZCOUNT', name, '(' .. to, '+inf')
    or redis.call('ZCOUNT', name, '-inf', '(' .. from)
  local stop = older and redis.call('ZCOUNT', name, from, '+inf') or redis.call('ZCOUNT', name, '-inf', to)
  return {name = name, rank = math.max(first, excluded(name)), stop = stop, batch = {}, at = 0, size = 8}
end

local function comes_first(a, b)
  if a.created == b.created then return precedes(b.id, a.id) == older end
  return (a.created > b.created) == older
end

local sources = {}
for _, status in ipairs(asked.statuses or {false}) do
  for _, process in ipairs(asked.processes or {false}) do sources[#sources + 1] = open(list(status, process, asked.maker)) end
end

local function nearest()
  local best
  for _, source in ipairs(sources) do
    if source.id and (not best or comes_first(source, best)) then best = source end
  end
  return best
end

-- A job that waits has no duration, one that runs has lasted until now.
local timed = asked.shortest or asked.longest
local function fits(id)
  if not timed then return true end
  local times = redis.call('HMGET', job(id), 'started', 'finished')
  if not times[1] then return false end
  local duration = (times[2] or now) - times[1]
  return duration >= (asked.shortest or 0) and duration <= (asked.longest or math.huge)
end

local skip = asked.offset
if #sources == 1 and not timed then
  sources[1].rank, skip = sources[1].rank + skip, 0
end
for _, source in ipairs(sources) do advance(source) end

local records, last = {}, nil
for _ = 1, asked.budget do
  local source = nearest()
  if not source then break end
  if fits(source.id) then
    if skip == 0 and #records == asked.limit then break end
    local record = skip == 0 and redis.call('HGETALL', job(source.id)) or {}
    skip = math.max(skip - 1, 0)
    if #record > 0 then records[#records + 1] = record end -- it may have expired a moment ago
  end
  last = {source.created, source.id}
  advance(source)
end

local beyond = nearest()
return {records, beyond and (older and last or {beyond.created, beyond.id}) or false, skip}
