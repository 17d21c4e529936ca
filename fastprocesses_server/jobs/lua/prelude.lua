-- Stands before every transition. Times are milliseconds on the server's clock.
-- fp:job:ID            hash, the record              fp:jobs           zset, public jobs by creation
-- fp:job:ID:request    what was asked, JSON          fp:jobs:...       the same, of one status or process: see `list`
-- fp:job:ID:results    the outputs' manifest, JSON   fp:due            zset, unfinished jobs by deadline
-- fp:gone:ID           mark of a removed job         fp:expiry         zset, `mortal` public jobs by end of their time
-- fp:worker:OWNER      hash, process id to job       fp:waiting:QUEUE  set, jobs that no worker has claimed
-- fp:callback:ID       hash, what is to be told      fp:callback-due   zset, jobs by the time of their next callback
-- fp:sink:ORIGIN       hash, how callbacks fare
--                                                    fp:workers:QUEUE  zset, workers by last heartbeat
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function job(id) return 'fp:job:' .. id end

-- The list of the public jobs of a status and a process, of one of the two, or of all. The process stands last:
-- what clients ask for can name no other list.
local function list(status, process)
  if not process then return status and 'fp:jobs:' .. status or 'fp:jobs' end
  return 'fp:jobs:' .. (status or 'any') .. ':' .. process
end

local function lists(status, process)
  return {list(), list(status), list(nil, process), list(status, process)}
end

local function enlist(id, status, process, created)
  for _, name in ipairs(lists(status, process)) do redis.call('ZADD', name, created, id) end
end

local function delist(id, status, process)
  for _, name in ipairs(lists(status, process)) do redis.call('ZREM', name, id) end
end

-- The one way to another status: the lists follow it. More fields of the record, with their values, may follow.
local function become(id, status, ...)
  local old = redis.call('HMGET', job(id), 'public', 'status', 'process', 'created')
  for _, process in ipairs(old[1] == '1' and {false, old[3]} or {}) do
    redis.call('ZREM', list(old[2], process), id)
    redis.call('ZADD', list(status, process), old[4], id)
  end
  redis.call('HSET', job(id), 'status', status, 'updated', now, ...)
  audit(id, old[2], status)
end

-- A finished job in fp:expiry, with what must be known to take it from the lists once the record has expired.
local function mortal(id, status, process) return id .. ' ' .. status .. ' ' .. process end

-- How long record, request and results of a finished job stay.
local function keep(id)
  local key = job(id)
  local ttl = redis.call('HMGET', key, 'public', 'record_ttl', 'results_ttl', 'status', 'process')
  redis.call('PEXPIRE', key, ttl[2])
  redis.call('PEXPIRE', key .. ':request', ttl[2])
  redis.call('PEXPIRE', key .. ':results', ttl[3])
  if ttl[1] == '1' then redis.call('ZADD', 'fp:expiry', now + ttl[2], mortal(id, ttl[4], ttl[5])) end
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

-- The one way into a final status; whoever waits for the job gets the answer along with it.
local function finish(id, status, answer)
  local key = job(id)
  local old = redis.call('HMGET', key, 'queue', 'reply')
  become(id, status, 'finished', now)
  redis.call('ZREM', 'fp:due', id)
  redis.call('SREM', 'fp:waiting:' .. old[1], id)
  keep(id)
  tell(id, status, answer, 0)
  if old[2] then
    redis.call('RPUSH', old[2], id .. ' ' .. status .. ' ' .. answer)
    redis.call('PEXPIRE', old[2], 60000)
  end
end

-- Back to the head of the queue: workers take from the right.
local function requeue(id, pause)
  local key = job(id)
  local old = redis.call('HMGET', key, 'queue', 'envelope')
  become(id, 'accepted', 'progress', 0, 'published', 1)
  redis.call('HDEL', key, 'started', 'owner', 'pid', 'message', 'suspect')
  redis.call('SADD', 'fp:waiting:' .. old[1], id)
  redis.call('ZADD', 'fp:due', now + pause, id)
  redis.call('RPUSH', old[1], old[2])
end

-- The worker of a running job is gone: once more, or failed where the attempts are used up.
local function lost(id, pause, why)
  local count = redis.call('HMGET', job(id), 'attempt', 'attempts')
  if tonumber(count[1]) < tonumber(count[2]) then
    requeue(id, pause)
    return 'accepted'
  end
  local problem = cjson.encode({
    title = 'Worker lost', status = 500, type = 'about:blank',
    detail = why .. ', in attempt ' .. count[1] .. ' of ' .. count[2],
  })
  redis.call('HSET', job(id), 'problem', problem)
  finish(id, 'failed', problem)
  return 'failed'
end
