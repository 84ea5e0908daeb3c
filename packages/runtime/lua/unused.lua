-- unused.lua (after groups.lua): drops stored rosters that nobody has used for too long.
-- KEYS  1 prefix of the user hashes   2 prefix of the rosters   3 open   4 failed   5 stored   6 names   7 used   8 upkeep
-- ARGV  1 for how long, in ms   2 interval in ms   3 how many at most
-- Returns how many were dropped; 0 when another process has looked within the interval.
-- The roster goes, never a counter. It is no change: the backend still has it, and targets keep what they were told.
-- G2: a fetch may be under way all the same (a repair, or one whose worker stands still): it has compared the backend's
-- answer with what is dropped here, so the fence moves on, and what it brings is refused.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local lookedAt = redis.call('HGET', KEYS[8], 'unusedAt')
if lookedAt and now - tonumber(lookedAt) < tonumber(ARGV[2]) then
  return 0
end
redis.call('HSET', KEYS[8], 'unusedAt', string.format('%d', now))
local dropped = 0
for _, jid in ipairs(redis.call('ZRANGEBYSCORE', KEYS[7], '-inf', string.format('%d', now - tonumber(ARGV[1])), 'LIMIT',
  '0', ARGV[3])) do
  if redis.call('ZSCORE', KEYS[3], jid) then -- somebody has asked for him, which is use
    redis.call('ZADD', KEYS[7], string.format('%d', now), jid)
  else
    local at = string.find(jid, '@', 1, true)
    redis.call('HINCRBY', KEYS[1] .. jid, 'fence', 1)
    redis.call('UNLINK', KEYS[2] .. jid)
    if redis.call('ZREM', KEYS[4], jid) == 1 then
      leaveGroup(KEYS[4], jid, redis.call('HGET', KEYS[1] .. jid, 'code') or '')
    end
    redis.call('HDEL', KEYS[1] .. jid, 'repairs')
    redis.call('ZREM', KEYS[5], jid)
    redis.call('ZREM', KEYS[6], string.sub(jid, at + 1) .. '\0' .. string.sub(jid, 1, at - 1))
    redis.call('ZREM', KEYS[7], jid)
    dropped = dropped + 1
  end
end
return dropped
