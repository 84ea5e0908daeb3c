-- repair.lua (after settle.lua): users whose last fetch failed, and whose time to be fetched again has come.
-- KEYS  1 prefix of the user hashes   2 open   3 failed
-- ARGV  1 shortest   2 longest pause before a repair, in ms   3 how many at most
-- Returns up to that many bare JIDs. They need no new generation: `failed` = `wanted` > `fetched` lets `begin` go on, and
-- whoever was told of the failure keeps that answer.
-- Nobody stays stale: they stay in `failed`, each with his next time, so that a job that gets lost is made again.

local now = millisecondsNow()
local due = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', text(now), 'LIMIT', '0', ARGV[3])
local handedOut = {}
for _, jid in ipairs(due) do
  local repairs = 0
  if not redis.call('ZSCORE', KEYS[2], jid) then -- else somebody has asked for him: he is fetched anyway, and sooner
    repairs = redis.call('HINCRBY', KEYS[1] .. jid, 'repairs', '1')
    handedOut[#handedOut + 1] = jid
  end
  redis.call('ZADD', KEYS[3], text(now + repairPause(repairs, ARGV[1], ARGV[2])), jid)
end
return handedOut
