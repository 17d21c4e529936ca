-- A record, its place in the lists and its message, in one step.
-- ARGV: id, public, queue, message, request, longest silence of a worker without which there is no job (0: wait for
--       one), manifest of known outputs, key of equal executions, name and body of an Idempotency-Key ('' for none),
--       client whose jobs are counted, and most that it may have, most that may wait in the queue ('' for no limit),
--       1 where outputs in the cache will do, then the record's other fields.
-- Returns what became of it, and the id of the job that there is now, of a new public one its leader ('' for none) and
-- its record as well:
--   new       it was created
--   joined    it was created, and waits for the outputs of an equal one, its leader
--   known     there was a job of that Idempotency-Key; one that was dismissed is as good as none
--   conflict  that Idempotency-Key came with another body
--   cached    the outputs of that key are in the cache beside the jobs; returned is their manifest
--   unserved  no worker is alive
--   crowded   the client has as many jobs that wait or run as it may have
--   full      as many wait in the queue as may; returned is since when the first of them does, in milliseconds
local id, public, queue, envelope, request, silence, outputs, same, once, body = unpack(ARGV, 1, 10)
local client, most_of_client, most_waiting, looks = unpack(ARGV, 11, 14)
local key = job(id)
local function created(leader)
  local record = public == '1' and redis.call('HGETALL', key) or {}
  return {leader and 'joined' or 'new', id, leader or '', record}
end
-- Every call has an id of its own: where there is such a job, the answer to this very call was lost.
if redis.call('EXISTS', key, 'fp:gone:' .. id) > 0 then
  return created(redis.call('HGET', key, 'joined'))
end
local known = once ~= '' and redis.call('GET', 'fp:once:' .. once)
if known then
  local other, its_body = known:match('^(%S+) (%S+)$')
  local its_status = redis.call('HGET', job(other), 'status')
  if its_status and its_status ~= 'dismissed' then return {its_body == body and 'known' or 'conflict', other} end
end
local cached = looks == '1' and redis.call('GET', kept(same))
if cached then return {'cached', cached} end
silence = tonumber(silence)
if silence > 0 and redis.call('ZCOUNT', 'fp:workers:' .. queue, now - silence, '+inf') == 0 then
  return {'unserved', ''}
end
local leader = same ~= '' and redis.call('GET', 'fp:joint:' .. same)
if outputs == '' and client ~= '' and redis.call('SCARD', 'fp:jobs-at-once:' .. client) >= tonumber(most_of_client) then
  return {'crowded', ''}
end
if outputs == '' and not leader and most_waiting ~= '' and length_of(queue) >= tonumber(most_waiting) then
  return {'full', tostring(now - (first_of(queue) or now))}
end
redis.call('HSET', key, 'id', id, 'public', public, 'queue', queue, 'envelope', envelope, 'status', 'accepted',
  'created', now, 'updated', now, 'attempt', 0, 'progress', 0, unpack(ARGV, 15))
redis.call('SET', key .. ':request', request)
audit(id, '', 'accepted')
local new = redis.call('HMGET', key, 'process', 'maker')
tally('created', new[1])
if public == '1' then enlist(id, 'accepted', new[1], new[2], now) end
if once ~= '' then
  redis.call('HSET', key, 'once', once)
  redis.call('SET', 'fp:once:' .. once, id .. ' ' .. body)
end
if outputs ~= '' then
  redis.call('HSET', key, 'started', now, 'progress', 100)
  redis.call('SET', key .. ':results', outputs)
  finish(id, 'successful', outputs)
  return created()
end
if client ~= '' then
  redis.call('HSET', key, 'client', client)
  redis.call('SADD', 'fp:jobs-at-once:' .. client, id)
end
if same ~= '' then
  redis.call('HSET', key, 'key', same)
  if leader then
    redis.call('HSET', key, 'held', 'joined', 'joined', leader, 'message', 'waits for the outputs of an equal job')
    redis.call('ZADD', 'fp:joined:' .. same, now, id)
    return created(leader)
  end
  redis.call('SET', 'fp:joint:' .. same, id)
end
publish(id, false)
return created()
