-- cancel.lua (after settle.lua): an operator cancels what is left of a refresh, for up to 500 users of one shard.
-- KEYS  1 epoch   2 open   3 failed   4 prefix of the user hashes
-- ARGV  1 epoch that the generations belong to   2 prefix of the settled channels   3 code   4 message
--       5 pause before a repair, in ms   6… generation and bare JID of each
-- Returns { how many were settled as failed, and those of them whom nobody else asks for, whose jobs are of no more use }.
-- Who settled has his answer. So has, soon, he for whom an earlier refresh is open: it is not the one that is cancelled,
-- and the fetch for it answers this one, too. When a later one is open, he stays open for that.
-- A fetch that runs ends as it ends: what it stores is newer, and takes the failure back. Nobody stays stale: who was
-- cancelled is repaired like anybody who failed. The stored roster is not marked as stale: no fetch of it failed.

local answer = { 0 }
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return answer -- Redis has lost its data since: these generations mean nothing
end
for i = 6, #ARGV, 2 do
  local generation, jid = tonumber(ARGV[i]), ARGV[i + 1]
  local keys = { KEYS[4] .. jid, false, KEYS[2], KEYS[1], KEYS[3] } -- as `settle` has them
  local s = redis.call('HMGET', keys[1], 'wanted', 'fetched', 'failed', 'version', 'waiting', 'code')
  local user = { wanted = number(s[1]), fetched = number(s[2]), failed = number(s[3]), version = number(s[4]), waiting = s[5] or '' }
  if user.wanted >= generation and math.max(user.fetched, user.failed) == generation - 1 then
    local before = user.failed > user.fetched and s[6]
    user.failed = generation
    redis.call('HSET', keys[1], 'code', ARGV[3], 'message', ARGV[4])
    repairLater(keys[5], jid, ARGV[5], before, ARGV[3])
    settle(user, keys, ARGV[2], jid, 'failed', text(generation))
    answer[1] = answer[1] + 1
    if user.wanted == generation then
      answer[#answer + 1] = jid
    end
  end
end
return answer
