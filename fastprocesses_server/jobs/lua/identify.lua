-- The id of this store, which no other has: one whose data were lost gets another. ARGV: an id that is new.
-- It is written each time, as that tells whether the store can be written.
local id = redis.call('GET', 'fp:store') or ARGV[1]
redis.call('SET', 'fp:store', id)
return id
