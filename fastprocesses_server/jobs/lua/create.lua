-- A record, its place in the lists and its message, in one step.
-- ARGV: id, public, queue, message, request, longest silence of a worker without which there is no job (0: wait for
--       one), manifest of known outputs, key of equal executions, name and body of an Idempotency-Key ('' for none),
--       then the record's other fields.
-- Returns what became of it, and the id of the job that there is now:
--   new       it was created
--   joined    it was created, and waits for the outputs of an equal one, whose id is returned as well
--   known     there was a job of that Idempotency-Key; one that was dismissed is as good as none
--   conflict  that Idempotency-Key came with another body
--   unserved  no worker is alive
local id, public, queue, envelope, request, silence, outputs, same, once, body = unpack(ARGV, 1, 10)
local key = job(id)
-- Every call has an id of its own: where there is such a job, the answer to this very call was lost.
if redis.call('EXISTS', key, 'fp:gone:' .. id) > 0 then
  local leader = redis.call('HGET', key, 'joined')
  return leader and {'joined', id, leader} or {'new', id}
end
local known = once ~= '' and redis.call('GET', 'fp:once:' .. once)
if known then
  local other, its_body = known:match('^(%S+) (%S+)$')
  local its_status = redis.call('HGET', job(other), 'status')
  if its_status and its_status ~= 'dismissed' then return {its_body == body and 'known' or 'conflict', other} end
end
silence = tonumber(silence)
if silence > 0 and redis.call('ZCOUNT', 'fp:workers:' .. queue, now - silence, '+inf') == 0 then
  return {'unserved', ''}
end
redis.call('HSET', key, 'id', id, 'public', public, 'queue', queue, 'envelope', envelope, 'status', 'accepted',
  'created', now, 'updated', now, 'attempt', 0, 'progress', 0, unpack(ARGV, 11))
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
  return {'new', id}
end
if same ~= '' then
  redis.call('HSET', key, 'key', same)
  local leader = redis.call('GET', 'fp:joint:' .. same)
  if leader then
    redis.call('HSET', key, 'held', 'joined', 'joined', leader, 'message', 'waits for the outputs of an equal job')
    redis.call('ZADD', 'fp:joined:' .. same, now, id)
    return {'joined', id, leader}
  end
  redis.call('SET', 'fp:joint:' .. same, id)
end
publish(id, false)
return {'new', id}
