-- accepted -> running. ARGV: id, owner, pid, lease, fingerprint of the worker's registry, bytes that earlier jobs left in
-- that process, and in what they left running.
-- Returns the record and its request, or false where there is nothing to do: a duplicate message, a dismissed job, one
-- that is put off, one whose process runs as often at once as it may, a worker that has left.
local id, owner, pid = unpack(ARGV)
if has_left(owner) then
  if startable(id) then publish(id, true) end -- no other worker would hear of it for a while
  return false
end
local old = redis.call('HMGET', job(id), 'status', 'owner', 'pid')
if old[1] == 'running' and old[2] == owner and old[3] == pid then return claimed(id) end -- the first answer was lost
local waiting = startable(id)
if not waiting then return false end
-- A job that this process claimed, but heard no answer for, and so never ran.
local stale = run_by(owner, pid)
if stale then lost(stale, 'process_died', 'its worker gave it up') end
return start(id, waiting, unpack(ARGV, 2)) and claimed(id)
