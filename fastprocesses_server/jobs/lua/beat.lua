-- A worker is alive, and so are its jobs. ARGV: owner, lease, queues.
-- Returns id, pid, attempt and verdict of each of its jobs: run, soft or hard (over that limit), or kill.
local owner, lease = ARGV[1], ARGV[2]
for i = 3, #ARGV do
  redis.call('ZADD', 'fp:workers:' .. ARGV[i], now, owner)
  redis.call('ZREMRANGEBYSCORE', 'fp:workers:' .. ARGV[i], '-inf', now - 86400000)
end
local verdicts = {}
local mine = redis.call('HGETALL', 'fp:worker:' .. owner)
for i = 1, #mine, 2 do
  local pid, id = mine[i], mine[i + 1]
  local record = redis.call('HMGET', job(id), 'status', 'owner', 'pid', 'attempt', 'started', 'soft', 'hard')
  local verdict = 'kill'
  if record[1] == 'running' and record[2] == owner and record[3] == pid then
    redis.call('HDEL', job(id), 'suspect')
    redis.call('ZADD', 'fp:due', now + lease, id)
    local elapsed = now - record[5]
    verdict = elapsed > tonumber(record[7]) and 'hard' or elapsed > tonumber(record[6]) and 'soft' or 'run'
  end
  verdicts[#verdicts + 1] = {id, pid, record[4] or '0', verdict}
end
redis.call('EXPIRE', 'fp:worker:' .. owner, 86400)
return verdicts
