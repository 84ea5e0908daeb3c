-- drop-by-hand.lua (after groups.lua): an operator drops the stored roster of one user.
-- KEYS  1 user   2 failed   3 stored   4 used
-- ARGV  1 bare JID   2 name to find the user by   3 roster   4 names: keys of the same slot, as KEYS they would need the right
--       to be written, and an api may only take something out of them
-- Returns 1, or 0 when nothing was stored.
-- As in unused.lua the roster goes, never a counter, and it is no change: the backend still has it, and targets keep what
-- they were told. Who has been asked for stays open, and nobody who failed is left to repair: the next one who reads the
-- roster fetches it.
-- G2: a fetch may be under way that has compared the backend's answer with what is dropped here, so the fence moves on, and
-- what it brings is refused.

if redis.call('UNLINK', ARGV[3]) == 0 then
  return 0
end
redis.call('HINCRBY', KEYS[1], 'fence', 1)
redis.call('HDEL', KEYS[1], 'repairs')
if redis.call('ZREM', KEYS[2], ARGV[1]) == 1 then
  leaveGroup(KEYS[2], ARGV[1], redis.call('HGET', KEYS[1], 'code') or '')
end
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('ZREM', KEYS[4], ARGV[1])
redis.call('ZREM', ARGV[4], ARGV[2])
return 1
