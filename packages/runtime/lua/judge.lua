-- judge.lua (after settle.lua and emptied.lua): an operator has looked at the rosters of a domain that are held back.
-- KEYS  1 emptied
-- ARGV  1 domain   2 for how many ms empty rosters are right; 0: they were wrong, and the backend has been mended
-- Returns 1 when rosters were held back, else 0. Counting begins anew.

local d = emptiedOf(KEYS[1], ARGV[1])
local forMs = tonumber(ARGV[2])
local confirmedUntil = forMs > 0 and millisecondsNow() + forMs or 0
keepEmptied(KEYS[1], ARGV[1], { minute = 0, written = 0, emptied = 0, heldSince = 0, confirmedUntil = confirmedUntil })
return d.heldSince > 0 and 1 or 0
