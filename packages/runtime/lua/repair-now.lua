-- repair-now.lua (after settle.lua): the backend of a domain answers again, so its users need not wait for their time.
-- KEYS  1 failed
-- ARGV  1 where to go on, '0' at first   2 `@` and the domain   3 over how many ms to spread them   4 how many to look at
-- Returns { where to go on, '0' when all have been looked at; how many were brought forward }.
-- Nobody is put later than he was, so it may be done by many at once.

local now, spread, brought = millisecondsNow(), tonumber(ARGV[3]), 0
local page = redis.call('ZSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[4])
local members = page[2]
for i = 1, #members, 2 do
  local jid = members[i]
  if string.sub(jid, -#ARGV[2]) == ARGV[2] then
    local at = text(now + math.floor(spread * i / #members))
    brought = brought + redis.call('ZADD', KEYS[1], 'XX', 'LT', 'CH', at, jid)
  end
end
return { page[1], brought }
