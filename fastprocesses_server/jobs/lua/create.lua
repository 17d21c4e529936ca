-- A record, its place in the lists and its message, in one step.
-- ARGV: id, public, queue, message, request, pause before it is sent again, longest silence of a worker without
--       which there is no job (0: wait for one), manifest of known outputs or '', then the record's other fields.
-- Returns 1; 0 where the id is known; -1 where no worker is alive.
local id, public, queue, envelope, request, pause, silence, outputs = unpack(ARGV, 1, 8)
local key = job(id)
if redis.call('EXISTS', key) == 1 then return 0 end
silence = tonumber(silence)
if silence > 0 and redis.call('ZCOUNT', 'fp:workers:' .. queue, now - silence, '+inf') == 0 then return -1 end
redis.call('HSET', key, 'id', id, 'public', public, 'queue', queue, 'envelope', envelope, 'status', 'accepted',
  'created', now, 'updated', now, 'attempt', 0, 'published', 1, 'progress', 0, unpack(ARGV, 9))
redis.call('SET', key .. ':request', request)
audit(id, '', 'accepted')
if public == '1' then enlist(id, 'accepted', redis.call('HGET', key, 'process'), now) end
if outputs ~= '' then
  redis.call('HSET', key, 'started', now, 'progress', 100)
  redis.call('SET', key .. ':results', outputs)
  finish(id, 'successful', outputs)
else
  redis.call('SADD', 'fp:waiting:' .. queue, id)
  redis.call('ZADD', 'fp:due', now + pause, id)
  redis.call('LPUSH', queue, envelope)
end
return 1
