-- fail.lua (after settle.lua): the last attempt of a job failed.
-- KEYS  1 user hash   2 open   3 epoch   4 the job's lock
-- ARGV  1 bare JID   2 generation   3 the lock's token   4 prefix of the settled channels   5 code   6 message
-- Returns 'ok' | 'lock-lost' (the job is no longer ours and will run again: its end is for that run to tell).
-- G4: the stored roster is not touched.

if redis.call('GET', KEYS[4]) ~= ARGV[3] then
  return 'lock-lost'
end
local userKey = KEYS[1]
local s = redis.call('HMGET', userKey, 'wanted', 'failed')
-- A Redis that restarted without its last second may not know the generation: it is another request's to come.
local generation = math.min(tonumber(ARGV[2]), number(s[1]))
if generation >= number(s[2]) then
  redis.call('HSET', userKey, 'code', ARGV[5], 'message', ARGV[6])
end
settle(userKey, KEYS[2], KEYS[3], ARGV[4], ARGV[1], 'failed', generation)
return 'ok'
