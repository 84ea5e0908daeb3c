-- sweep.lua: users that have been open for longer than the grace period, to be put into the queue once more.
-- KEYS  1 open   2 sweep
-- ARGV  1 grace in ms   2 interval in ms   3 how many at most
-- Returns up to that many bare JIDs; none when another process has swept within the interval. Goes on where the last
-- sweep stopped, so that a long queue of users who merely wait does not hide one whose job was lost.
-- G8: an api that died between request and enqueue, or a job that was lost, leaves nobody open for ever.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local s = redis.call('HMGET', KEYS[2], 'at', 'offset')
if s[1] and now - tonumber(s[1]) < tonumber(ARGV[2]) then
  return {}
end
local offset, most = tonumber(s[2] or '0'), tonumber(ARGV[3])
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[1]), 'LIMIT', offset, most)
redis.call('HSET', KEYS[2], 'at', now, 'offset', #due < most and 0 or offset + most)
return due
