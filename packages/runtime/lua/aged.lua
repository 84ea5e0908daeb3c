-- aged.lua: users whose stored roster is older than it may be, to be asked for again.
-- KEYS  1 prefix of the user hashes   2 open   3 stored   4 used   5 upkeep
-- ARGV  1 greatest age in ms   2 interval in ms   3 how many at most   4 none while more users than this are open
--       5 '1' when it is noted who is used
-- Returns up to that many bare JIDs; none when another process has looked within the interval. Writes nothing of a user, so
-- a caller that dies leaves them for the next look.
--
-- Spread over time: at most twice as many as have to be fetched per interval for no roster to become too old, so that
-- rosters that were stored in one hour are not all fetched again in one hour of the next day.
-- Nobody is handed out again while he is open (his fetch waits or runs) or has failed (repair sees to him). Goes on where
-- the last look stopped, so that those do not hide others.
-- Whom nothing is known of as used (stored before that was noted) counts as used now.

local maxAge, interval = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local s = redis.call('HMGET', KEYS[5], 'agedAt', 'agedAfter')
if s[1] and now - tonumber(s[1]) < interval then
  return {}
end
redis.call('HSET', KEYS[5], 'agedAt', string.format('%d', now))
if redis.call('ZCARD', KEYS[2]) > tonumber(ARGV[4]) then
  return {}
end
local share = math.ceil(2 * redis.call('ZCARD', KEYS[3]) * interval / maxAge)
local most = math.min(share, tonumber(ARGV[3]))
local due = redis.call('ZRANGEBYSCORE', KEYS[3], '(' .. (s[2] or '-inf'), string.format('%d', now - maxAge), 'WITHSCORES',
  'LIMIT', '0', string.format('%d', most))
local aged = {}
for i = 1, #due, 2 do
  local jid = due[i]
  local user = redis.call('HMGET', KEYS[1] .. jid, 'wanted', 'fetched')
  if tonumber(user[2] or '0') >= tonumber(user[1] or '0') then
    aged[#aged + 1] = jid
  end
  if ARGV[5] == '1' then
    redis.call('ZADD', KEYS[4], 'NX', string.format('%d', now), jid)
  end
end
redis.call('HSET', KEYS[5], 'agedAfter', #due < 2 * most and '-inf' or due[#due])
return aged
