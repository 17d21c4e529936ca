-- running -> successful or failed, status and outcome in one step; the jobs that joined it are successful with it.
-- The process may take the next job of the queue in the same step, as if it had claimed it by its message.
-- ARGV: id, attempt, owner, status, manifest or problem, 1 where the manifest names files of this job, pid, lease,
--       fingerprint of the worker's registry, bytes that jobs left in that process or '' where it takes no other, key,
--       manifest and time to live of an entry of the result cache or '' for none, then id and manifest of each joined job
--       that has files of its own by now, or '' where it can have none: it is not served.
-- Returns a number, and ids with spaces between: 1 and the joined jobs that were served, also where this very commit
-- came through before and its answer was lost; 0 where the job is another's; 2 and the joined jobs that need files of
-- their own first. After 1 there may be record and request of the next job.
local id, attempt, owner, status, outcome, has_files, pid, lease, registry, left = unpack(ARGV, 1, 10)
local entry, cached, time_kept = unpack(ARGV, 11, 13)
local key, call = job(id), 'commit:' .. id .. ':' .. attempt

-- It takes messages as Celery does, so that there stay as many as jobs that wait. After some for which there is nothing
-- to do, Celery may go on with them.
local function next_job(queue)
  if left == '' or has_left(owner) then return nil end
  for _ = 1, 10 do
    local message = redis.call('RPOP', queue)
    if not message then return nil end
    local next = cjson.decode(message).headers.id
    local waiting = startable(next)
    if waiting and start(next, waiting, owner, pid, lease, registry, left) then
      redis.call('HSET', job(next), 'after', call)
      return claimed(next)
    end
  end
end

local is_running, before = runs(id, attempt, owner)
if not is_running then
  -- It has its next job from this very commit, and did not hear of it.
  local next = left ~= '' and run_by(owner, pid)
  if next and redis.call('HGET', job(next), 'after') == call then return {1, answered(call) or '', claimed(next)} end
  return before == status and {1, answered(call) or ''} or {0, ''}
end
local old = redis.call('HMGET', key, 'pid', 'key', 'started', 'ran', 'queue')
local served = {}
if status == 'failed' then
  fail(id, outcome)
else
  local own = {}
  for i = 14, #ARGV, 2 do own[ARGV[i]] = ARGV[i + 1] end
  local is_joint = old[2] and redis.call('GET', 'fp:joint:' .. old[2]) == id
  local joined = is_joint and redis.call('ZRANGE', 'fp:joined:' .. old[2], 0, -1) or {}
  local without = {}
  for _, other in ipairs(joined) do
    if has_files == '1' and not own[other] then without[#without + 1] = other end
  end
  if #without > 0 then return {2, table.concat(without, ' ')} end
  for _, other in ipairs(joined) do
    local manifest = own[other] or outcome
    if manifest ~= '' then
      redis.call('SET', job(other) .. ':results', manifest)
      redis.call('HSET', job(other), 'progress', 100, 'started', old[3], 'ran', old[4])
      redis.call('HDEL', job(other), 'held', 'message')
      finish(other, 'successful', manifest)
      served[#served + 1] = other
    end
  end
  if entry ~= '' then redis.pcall('SET', kept(entry), cached, 'PX', time_kept) end -- failing it fails nothing else
  redis.call('SET', key .. ':results', outcome)
  redis.call('HSET', key, 'progress', 100)
  finish(id, 'successful', outcome)
end
redis.call('HDEL', 'fp:worker:' .. owner, old[1])
return {1, #served > 0 and answer(call, table.concat(served, ' ')) or '', next_job(old[5])}
