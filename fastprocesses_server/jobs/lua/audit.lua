-- Stands before the prelude where fail points are on: every change of a status is written down, for tests.
local function audit(id, from, to)
  local record = redis.call('HMGET', 'fp:job:' .. id, 'attempt', 'owner', 'pid')
  redis.call('XADD', 'fp:audit', '*', 'job', id, 'from', from, 'to', to, 'attempt', record[1], 'owner', record[2] or '',
    'pid', record[3] or '')
end

