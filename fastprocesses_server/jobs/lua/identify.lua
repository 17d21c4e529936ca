-- The id of this store, which no other has: one whose data were lost gets another. ARGV: an id that is new.
local known = redis.call('GET', 'fp:store')
if not known then redis.call('SET', 'fp:store', ARGV[1]) end
return known or ARGV[1]
