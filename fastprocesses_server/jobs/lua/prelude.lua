-- Stands before every transition. Times are milliseconds on the server's clock.
-- fp:job:ID            hash, the record              fp:jobs             zset, public jobs by creation
-- fp:job:ID:request    what was asked, JSON          fp:jobs:...         the same, of one status or process: see `list`
-- fp:job:ID:results    the outputs' manifest, JSON   fp:jobs-of:...      the same, of one maker
-- fp:job:ID:log        list, the last lines that it said: time, level, source and text of each, JSON
-- fp:expiry            zset, `mortal` public jobs by end of their time
-- fp:gone:ID           maker of a removed job        fp:due              zset, jobs by the moment of the reaper's next look:
-- fp:queues            set, all that were served                         leases that end, starts that are put off
-- fp:waiting:QUEUE     zset, jobs with a message in the queue, by creation
-- fp:running:PROCESS   set, running jobs of a process with limited concurrency
-- fp:parked:PROCESS    zset, its jobs that wait for one of those to end, by creation
-- fp:parked-from:QUEUE set, the same of all processes, by the queue that they came from
-- fp:jobs-at-once:CLIENT set, jobs of a client that wait or run, where there is a limit to that
-- fp:cache:KEY         outputs' manifest of an execution with that key; here or in a Redis of its own
-- fp:joint:KEY         the job that runs for all executions with that key
-- fp:joined:KEY        zset, the jobs that wait for its outputs, by creation
-- fp:once:NAME         job and body of a request with an Idempotency-Key
-- fp:workers:QUEUE     zset, workers by last heartbeat
-- fp:worker:OWNER      hash, process id to job
-- fp:left:OWNER        what a worker gave back when it left, JSON
-- fp:registries        hash, worker to the fingerprint of its registry
-- fp:registry:PRINT    hash, process, and process:version, to version and fingerprint
-- fp:folders           hash, worker to the mark of its folder of results
-- fp:store             id of this store, see folder.py
-- fp:declined:ID       set, registries in which no process fits the job
-- fp:callback:ID       hash, what is to be told      fp:callback-due     zset, jobs by the time of their next callback
-- fp:sink:ORIGIN       hash, how callbacks fare      fp:answer:CALL       answer to a call that may be repeated
-- fp:counts            hash, what has happened how often, see counts.py
-- fp:silent            hash, worker that may be lost to the moment of that suspicion
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

-- Of a process, for those who watch the server.
local function tally(what, process, number)
  redis.call('HINCRBY', 'fp:counts', what .. ' ' .. process, number or 1)
end

-- How long something took, in milliseconds.
local function tally_time(what, process, time)
  local bounds, least = {BOUNDS}, 1
  while time > bounds[least] do least = least + 1 end
  tally(what .. ' ' .. bounds[least], process)
  tally(what .. ' sum', process, math.max(time, 0))
end

local function job(id) return 'fp:job:' .. id end

-- Where the outputs of equal executions are kept, if the result cache is in this Redis.
local function kept(key) return 'fp:cache:' .. key end

local function log(id) return job(id) .. ':log' end

-- The list of the public jobs of a status and a process, of one of the two, or of all; of one maker, or of everybody.
-- The process stands last, and a maker behind its length: what clients ask for can name no other list.
local function list(status, process, maker)
  local all = maker and 'fp:jobs-of:' .. #maker .. ':' .. maker or 'fp:jobs'
  if not process then return status and all .. ':' .. status or all end
  return all .. ':' .. (status or 'any') .. ':' .. process
end

-- Whose lists a job is in: nobody's own where its maker is not known.
local function readers(maker) return maker and {false, maker} or {false} end

local function lists(status, process, maker)
  local found = {}
  for _, whose in ipairs(readers(maker)) do
    for _, one in ipairs({false, process}) do
      found[#found + 1] = list(nil, one, whose)
      found[#found + 1] = list(status, one, whose)
    end
  end
  return found
end

local function enlist(id, status, process, maker, created)
  for _, name in ipairs(lists(status, process, maker)) do redis.call('ZADD', name, created, id) end
end

local function delist(id, status, process, maker)
  for _, name in ipairs(lists(status, process, maker)) do redis.call('ZREM', name, id) end
end

-- The message of an accepted job goes to its queue; workers take from the right.
local function publish(id, is_first)
  local old = redis.call('HMGET', job(id), 'queue', 'envelope', 'created')
  redis.call('HDEL', job(id), 'held')
  redis.call('SADD', 'fp:queues', old[1])
  redis.call('ZADD', 'fp:waiting:' .. old[1], old[3], id)
  redis.call(is_first and 'RPUSH' or 'LPUSH', old[1], old[2])
  return old[1]
end

-- How many jobs wait for a worker of the queue, or for others of their process to end.
local function length_of(queue)
  return redis.call('ZCARD', 'fp:waiting:' .. queue) + redis.call('SCARD', 'fp:parked-from:' .. queue)
end

-- When the job was made that is next.
local function first_of(queue)
  return tonumber(redis.call('ZRANGE', 'fp:waiting:' .. queue, 0, 0, 'WITHSCORES')[2])
end

-- An accepted job is not to be claimed before that moment.
local function put_off(id, why, moment)
  redis.call('HSET', job(id), 'held', why)
  redis.call('ZADD', 'fp:due', moment, id)
end

-- The oldest that waits for others of its process to end is next. While some wait, one runs or is in the queue.
local function unpark(process)
  local next = redis.call('ZPOPMIN', 'fp:parked:' .. process)
  if next[1] then redis.call('SREM', 'fp:parked-from:' .. publish(next[1], true), next[1]) end
end

-- A job of a process with limited concurrency runs no longer.
local function leave_slot(id, process)
  if redis.call('SREM', 'fp:running:' .. process, id) == 1 then unpark(process) end
end

-- The one way to another status: the lists follow it. More fields of the record, with their values, may follow.
-- Returns status, process and start before.
local function become(id, status, ...)
  local old = redis.call('HMGET', job(id), 'public', 'status', 'process', 'created', 'concurrency', 'started', 'maker')
  for _, whose in ipairs(old[1] == '1' and readers(old[7]) or {}) do
    for _, process in ipairs({false, old[3]}) do
      redis.call('ZREM', list(old[2], process, whose), id)
      redis.call('ZADD', list(status, process, whose), old[4], id)
    end
  end
  redis.call('HSET', job(id), 'status', status, 'updated', now, ...)
  audit(id, old[2], status)
  if old[2] == 'running' and old[5] then leave_slot(id, old[3]) end
  return old[2], old[3], old[6]
end

-- A finished job in fp:expiry, with what must be known to take it from the lists once the record has expired.
local function mortal(id, status, process, maker)
  return id .. ' ' .. status .. ' ' .. process .. (maker and ' ' .. maker or '')
end

-- How long record, request, log and results of a finished job stay.
local function keep(id)
  local key = job(id)
  local ttl = redis.call('HMGET', key, 'public', 'record_ttl', 'results_ttl', 'status', 'process', 'once', 'maker')
  redis.call('PEXPIRE', key, ttl[2])
  redis.call('PEXPIRE', key .. ':request', ttl[2])
  redis.call('PEXPIRE', log(id), ttl[2])
  redis.call('PEXPIRE', key .. ':results', ttl[3])
  if ttl[1] == '1' then redis.call('ZADD', 'fp:expiry', now + ttl[2], mortal(id, ttl[4], ttl[5], ttl[7])) end
  if ttl[6] then redis.call('PEXPIRE', 'fp:once:' .. ttl[6], ttl[2]) end
end

local function callback(id) return 'fp:callback:' .. id end

-- What is known of the server that is posted to.
local function sink(uri) return 'fp:sink:' .. uri:match('^%a+://[^/?#]+') end

-- Have the subscriber, where there is one for that, told what the job is now, after a pause. Only the newest is kept.
-- What is told of a job that runs is made when it is told. ANSWER: manifest or problem of a job that ended.
local function tell(id, status, answer, pause)
  local told = status == 'dismissed' and 'failed' or status
  local old = redis.call('HMGET', job(id), 'delivery', 'tell_' .. told)
  if not old[1] then return end
  local key = callback(id)
  if status == 'running' and redis.call('HGET', key, 'status') == status then
    redis.call('HSET', key, 'news', 1)
    return
  end
  redis.call('DEL', key)
  redis.call('ZREM', 'fp:callback-due', id)
  if not old[2] then return end
  redis.call('HSET', key, 'status', status, 'uri', old[2], 'answer', answer, 'tries', 0, 'since', now,
    'after', now + pause, 'event', redis.call('HINCRBY', job(id), 'told', 1))
  redis.call('ZADD', 'fp:callback-due', now + pause, id)
end

-- Out of every place where an accepted job may wait. Only one with a message may leave a free place to a parked one.
local function stop_waiting(id)
  local old = redis.call('HMGET', job(id), 'queue', 'process', 'key')
  redis.call('ZREM', 'fp:parked:' .. old[2], id)
  redis.call('SREM', 'fp:parked-from:' .. old[1], id)
  if old[3] then redis.call('ZREM', 'fp:joined:' .. old[3], id) end
  if redis.call('ZREM', 'fp:waiting:' .. old[1], id) == 1 then unpark(old[2]) end
end

-- A job that others have joined is over: the oldest of those that still wait runs for the rest.
local function hand_on(id, key)
  if redis.call('GET', 'fp:joint:' .. key) ~= id then return end
  local next = redis.call('ZPOPMIN', 'fp:joined:' .. key)
  if next[1] then
    redis.call('SET', 'fp:joint:' .. key, next[1])
    redis.call('HDEL', job(next[1]), 'message')
    publish(next[1], true)
  else
    redis.call('DEL', 'fp:joint:' .. key)
  end
end

-- The one way into a final status; whoever waits for the job gets the answer along with it.
local function finish(id, status, answer)
  local before, process, started = become(id, status, 'finished', now)
  tally('ended ' .. status, process)
  if before == 'running' then tally_time('run', process, now - started) end
  redis.call('ZREM', 'fp:due', id)
  if before == 'accepted' then stop_waiting(id) end
  keep(id)
  tell(id, status, answer, 0)
  local old = redis.call('HMGET', job(id), 'reply', 'key', 'client')
  if old[3] then redis.call('SREM', 'fp:jobs-at-once:' .. old[3], id) end
  if old[1] then
    redis.call('RPUSH', old[1], id .. ' ' .. status .. ' ' .. answer)
    redis.call('PEXPIRE', old[1], 60000)
  end
  if old[2] then hand_on(id, old[2]) end
end

local function fail(id, problem)
  redis.call('HSET', job(id), 'problem', problem)
  finish(id, 'failed', problem)
end

-- running -> accepted: that attempt is over, and the next one is not on its way yet.
local function stop_running(id)
  local _, process = become(id, 'accepted', 'progress', 0)
  tally('requeued', process)
  redis.call('HDEL', job(id), 'started', 'owner', 'pid', 'message', 'suspect', 'missed', 'ran', 'unfit_since',
    'after')
  redis.call('ZREM', 'fp:due', id)
end

-- Back to the head of the queue.
local function requeue(id)
  stop_running(id)
  publish(id, true)
end

-- The worker of a running job is gone: once more, or failed where the attempts are used up.
local function lost(id, cause, why)
  local count = redis.call('HMGET', job(id), 'attempt', 'attempts', 'process')
  tally('setback ' .. cause, count[3])
  if tonumber(count[1]) < tonumber(count[2]) then
    requeue(id)
    return 'accepted'
  end
  fail(id, cjson.encode({
    title = 'Worker lost', status = 500, type = 'about:blank',
    detail = why .. ', in attempt ' .. count[1] .. ' of ' .. count[2],
  }))
  return 'failed'
end

-- A call whose answer was lost is repeated, and is answered in the same way whatever has happened since. CALL: a word
-- that no other call has.
local function answered(call) return redis.call('GET', 'fp:answer:' .. call) end

local function answer(call, status)
  redis.call('SET', 'fp:answer:' .. call, status, 'PX', 600000)
  return status
end

-- Whether the job runs in this attempt of this owner; else its status, where that is what this attempt has led to.
local function runs(id, attempt, owner)
  local old = redis.call('HMGET', job(id), 'status', 'attempt', 'owner')
  if old[2] ~= attempt or old[3] ~= owner then return false end
  return old[1] == 'running', old[1]
end

-- What must be known of a job to start it; false where it is not accepted, or put off.
local function startable(id)
  local old = redis.call('HMGET', job(id), 'status', 'held', 'queue', 'process', 'created', 'concurrency', 'updated', 'version')
  return old[1] == 'accepted' and not old[2] and old
end

-- accepted -> running, of a job that is `startable`; false where its process runs as often at once as it may, which parks
-- it. REGISTRY: fingerprint of that of the worker. LEFT: bytes that earlier jobs left in that process, and in what they
-- left running.
local function start(id, old, owner, pid, lease, registry, left)
  local key, queue, process, limit = job(id), old[3], old[4], old[6]
  redis.call('ZREM', 'fp:waiting:' .. queue, id)
  if limit then
    local running = 'fp:running:' .. process
    if redis.call('SCARD', running) >= tonumber(limit) then
      redis.call('HSET', key, 'held', 'slot')
      redis.call('ZADD', 'fp:parked:' .. process, old[5], id)
      redis.call('SADD', 'fp:parked-from:' .. queue, id)
      return false
    end
    redis.call('SADD', running, id)
  end
  local attempt = redis.call('HINCRBY', key, 'attempt', 1)
  if redis.call('EXISTS', log(id)) == 1 then
    redis.call('RPUSH', log(id), cjson.encode({now, 'INFO', 'server', 'attempt ' .. attempt .. ' begins'}))
  end
  redis.call('HDEL', key, 'message')
  -- That very version where the worker has it, else its newest.
  local has = redis.call('HMGET', 'fp:registry:' .. registry, process:match('^[^:]*') .. ':' .. old[8], process)
  become(id, 'running', 'owner', owner, 'pid', pid, 'started', now, 'ran', has[1] or has[2] or '', 'left', left)
  tally_time('wait', process, now - old[7])
  redis.call('HSET', 'fp:worker:' .. owner, pid, id)
  redis.call('ZADD', 'fp:due', now + lease, id)
  tell(id, 'running', '', 0)
  return true
end

-- The job that runs in a process of a worker.
local function run_by(owner, pid)
  local id = redis.call('HGET', 'fp:worker:' .. owner, pid)
  local old = id and redis.call('HMGET', job(id), 'status', 'owner', 'pid')
  return old and old[1] == 'running' and old[2] == owner and old[3] == pid and id
end

-- What a process must know of its job.
local function claimed(id) return {redis.call('HGETALL', job(id)), redis.call('GET', job(id) .. ':request')} end

-- A worker that was told to stop, and has given its jobs back, gets no more: nobody would renew their leases.
local function has_left(owner) return redis.call('EXISTS', 'fp:left:' .. owner) == 1 end
