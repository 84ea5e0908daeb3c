-- confirm.lua (after settle.lua): the fetch showed that the stored roster is still what the backend has.
-- KEYS  1 user hash   2 open   3 epoch   4 stored
-- ARGV  1 bare JID   2 generation   3 fence   4 nonce   5 prefix of the settled channels   6 source etag   7 source hash
-- Returns 'ok' | 'superseded' (settled by a later fetch) | 'superseded-open' (a later fetch began and has not settled it).
-- G2: as in commit.

local userKey, generation = KEYS[1], tonumber(ARGV[2])
local s = redis.call('HMGET', userKey, 'fence', 'nonce', 'fetched', 'failed')
if s[1] ~= ARGV[3] or s[2] ~= ARGV[4] then
  return math.max(number(s[3]), number(s[4])) >= generation and 'superseded' or 'superseded-open'
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', userKey, 'fetchedAt', now, 'sourceEtag', ARGV[6], 'sourceHash', ARGV[7])
redis.call('ZADD', KEYS[4], now, ARGV[1])
settle(userKey, KEYS[2], KEYS[3], ARGV[5], ARGV[1], 'fetched', generation)
return 'ok'
