-- fail.lua (after settle.lua): the last attempt of a job failed.
-- KEYS  1 user   2 roster   3 open   4 epoch   5 failed   6 the job's lock
-- ARGV  1 bare JID   2 generation   3 the lock's token   4 prefix of the settled channels   5 code   6 message
--       7 shortest   8 longest pause before a repair, in ms   9 most who are listed whom the backend never knew
-- Returns 'ok' | 'lock-lost' (the job is no longer ours and will run again: its end is for that run to tell).
-- G4: what is stored is not touched but for being marked as stale.
-- Whom the backend never knew is not repaired: it has said what there is to say, and names that anybody may make up (a
-- read is enough) would be asked for for ever. When the user comes to be, a notice or the next read fetches him.

if redis.call('GET', KEYS[6]) ~= ARGV[3] then
  return 'lock-lost'
end
local s = redis.call('HMGET', KEYS[1], 'wanted', 'fetched', 'failed', 'version', 'waiting', 'repairs', 'code')
local user = { wanted = number(s[1]), fetched = number(s[2]), failed = number(s[3]), version = number(s[4]), waiting = s[5] or '' }
-- A Redis that restarted without its last second may not know the generation: it is another request's to come.
local generation = math.min(tonumber(ARGV[2]), user.wanted)
local before, code = user.failed > user.fetched and s[7], s[7]
if generation >= user.failed then
  user.failed = generation
  code = ARGV[5]
  redis.call('HSET', KEYS[1], 'code', ARGV[5], 'message', ARGV[6])
end
local isStored = markStale(user, KEYS[2])
if user.failed > user.fetched then
  if code == 'user-unknown' and not isStored then
    neverKnown(KEYS[5], ARGV[1], before, ARGV[9])
  else
    repairLater(KEYS[5], ARGV[1], repairPause(number(s[6]), ARGV[7], ARGV[8]), before, code)
  end
end
settle(user, KEYS, ARGV[4], ARGV[1], 'failed', text(user.failed))
return 'ok'
