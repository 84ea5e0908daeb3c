-- forget-gone.lua: users of whom the backend said long ago that they are gone.
-- KEYS  1 gone
-- ARGV  1 for how long they are remembered, in ms   2 how many are forgotten at most
-- Returns how many were forgotten. Targets that are away for longer, or come later, are not told of them any more.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local earliest = string.format('%d', (now - ARGV[1]) * 1000) -- as drop.lua counts: ms * 1000 + number
local old = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. earliest, 'LIMIT', '0', ARGV[2])
if #old > 0 then
  redis.call('ZREM', KEYS[1], unpack(old))
end
return #old
