-- A worker is alive, and so are its jobs. ARGV: owner, lease, fingerprint of its registry, mark of its folder of
-- results, queues.
-- Returns whether that registry is known, then of each of its jobs id, pid, attempt, verdict, memory limit, progress,
-- bytes that its process had before, time since its start, soft and hard limit of that.
-- Verdicts: run or kill; this clock may be set, so that limits are the worker's business.
local owner, lease, registry, folder = unpack(ARGV, 1, 4)
for i = 5, #ARGV do
  redis.call('SADD', 'fp:queues', ARGV[i])
  redis.call('ZADD', 'fp:workers:' .. ARGV[i], now, owner)
end
redis.call('HDEL', 'fp:silent', owner)
-- A hash of few short fields would be kept as a list, and each count would search it.
redis.call('HSETNX', 'fp:counts', string.rep('-', 80), 0)
redis.call('HSET', 'fp:registries', owner, registry)
redis.call('HSET', 'fp:folders', owner, folder)
local verdicts = {}
local mine = redis.call('HGETALL', 'fp:worker:' .. owner)
for i = 1, #mine, 2 do
  local pid, id = mine[i], mine[i + 1]
  local record = redis.call('HMGET', job(id), 'status', 'owner', 'pid', 'attempt', 'started', 'soft', 'hard', 'memory',
    'progress', 'left')
  local verdict = 'kill'
  if record[1] == 'running' and record[2] == owner and record[3] == pid then
    redis.call('HDEL', job(id), 'suspect')
    redis.call('ZADD', 'fp:due', now + lease, id)
    verdict = 'run'
  end
  verdicts[#verdicts + 1] = {id, pid, record[4] or '0', verdict, record[8] or '0', record[9] or '0',
    record[10] or '0', now - (record[5] or now), tonumber(record[6] or 0), tonumber(record[7] or 0)}
end
redis.call('EXPIRE', 'fp:worker:' .. owner, 86400)
return {redis.call('EXPIRE', 'fp:registry:' .. registry, 86400), verdicts}
