-- dismiss.lua (after groups.lua): an operator has seen that users failed, and wants no more of it.
-- KEYS  1 failed   2 prefix of the user hashes
-- ARGV  1 group   2 when the last of them failed, in ms   3 how many at most
-- Returns how many were taken off, those first who failed first. Nobody repairs them any more; a notice or a read fetches
-- them as ever, and when that fails they are back.

local key = KEYS[1] .. ':' .. ARGV[1]
local jids = redis.call('ZRANGEBYSCORE', key, '-inf', ARGV[2], 'LIMIT', '0', ARGV[3])
for _, jid in ipairs(jids) do
  leave(KEYS[1], ARGV[1], jid)
  redis.call('ZREM', KEYS[1], jid)
  redis.call('HDEL', KEYS[2] .. jid, 'repairs')
end
return #jids
