-- Stands before every transition. Times are milliseconds on the server's clock.
-- fp:job:ID            hash, the record              fp:jobs           zset, public jobs by creation
-- fp:job:ID:request    what was asked, JSON          fp:due            zset, unfinished jobs by deadline
-- fp:job:ID:results    the outputs' manifest, JSON   fp:expiry         zset, finished public jobs by end of their time
-- fp:gone:ID           mark of a removed job         fp:waiting:QUEUE  set, jobs that no worker has claimed
-- fp:worker:OWNER      hash, job to process id       fp:workers:QUEUE  zset, workers by last heartbeat
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function job(id) return 'fp:job:' .. id end

-- How long record, request and results of a finished job stay.
local function keep(id)
  local key = job(id)
  local ttl = redis.call('HMGET', key, 'public', 'record_ttl', 'results_ttl')
  redis.call('PEXPIRE', key, ttl[2])
  redis.call('PEXPIRE', key .. ':request', ttl[2])
  redis.call('PEXPIRE', key .. ':results', ttl[3])
  if ttl[1] == '1' then redis.call('ZADD', 'fp:expiry', now + ttl[2], id) end
end

-- The one way into a final status; whoever waits for the job gets the answer along with it.
local function finish(id, status, answer)
  local key = job(id)
  local old = redis.call('HMGET', key, 'queue', 'reply')
  redis.call('HSET', key, 'status', status, 'finished', now, 'updated', now)
  redis.call('ZREM', 'fp:due', id)
  redis.call('SREM', 'fp:waiting:' .. old[1], id)
  keep(id)
  if old[2] then
    redis.call('RPUSH', old[2], id .. ' ' .. status .. ' ' .. answer)
    redis.call('PEXPIRE', old[2], 60000)
  end
end

-- Back to the head of the queue: workers take from the right.
local function requeue(id, pause)
  local key = job(id)
  local old = redis.call('HMGET', key, 'queue', 'envelope')
  redis.call('HSET', key, 'status', 'accepted', 'updated', now, 'progress', 0, 'published', 1)
  redis.call('HDEL', key, 'owner', 'pid', 'message', 'suspect')
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
