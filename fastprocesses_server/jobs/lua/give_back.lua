-- A worker that is told to stop gives its jobs back; the started attempt does not count, but a job that must not run
-- twice fails. It gets no more, as nobody would renew the lease: a message may be with one of its children by now.
-- ARGV: owner, queues. Returns id, pid and new status of each, to whom asks again as well.
local owner = ARGV[1]
local left = 'fp:left:' .. owner
local known = redis.call('GET', left)
if known then return cjson.decode(known) end
local given = {}
local mine = redis.call('HGETALL', 'fp:worker:' .. owner)
for i = 1, #mine, 2 do
  local pid, id = mine[i], mine[i + 1]
  local old = redis.call('HMGET', job(id), 'status', 'owner', 'pid', 'attempts', 'process')
  if old[1] == 'running' and old[2] == owner and old[3] == pid then
    local status = 'accepted'
    if old[4] == '1' then
      status = lost(id, 'worker_stopped', 'the worker that ran it was stopped')
    else
      redis.call('HINCRBY', job(id), 'attempt', -1)
      tally('setback worker_stopped', old[5])
      requeue(id)
    end
    given[#given + 1] = {id, pid, status}
  end
end
redis.call('DEL', 'fp:worker:' .. owner)
for _, known in ipairs({'fp:registries', 'fp:folders', 'fp:silent'}) do redis.call('HDEL', known, owner) end
for i = 2, #ARGV do redis.call('ZREM', 'fp:workers:' .. ARGV[i], owner) end
redis.call('SET', left, cjson.encode(given), 'PX', 3600000)
return given
