-- commit.lua (after settle.lua): stores a roster that differs from the stored one.
-- KEYS  1 user hash   2 open   3 epoch   4 stored   5 names   6 changes
-- ARGV  1 bare JID   2 generation   3 fence   4 nonce   5 prefix of the settled channels   6 source etag   7 source hash
--       8 body   9 etag of the body   10 number of contacts   11 the change as JSON   12 length of the change log
--       13 name to find the user by
-- Returns 'ok' | 'superseded' (settled by a later fetch) | 'superseded-open' (a later fetch began and has not settled it).
-- Roster, change and settled land together or not at all. G2: only the latest begun fetch writes. G4: nothing else
-- touches the body. G6: a stored roster is never without its change.

local userKey, jid, generation = KEYS[1], ARGV[1], tonumber(ARGV[2])
local s = redis.call('HMGET', userKey, 'fence', 'nonce', 'fetched', 'failed', 'etag', 'version')
if s[1] ~= ARGV[3] or s[2] ~= ARGV[4] then
  return math.max(number(s[3]), number(s[4])) >= generation and 'superseded' or 'superseded-open'
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local version = number(s[6]) + 1
redis.call('HSET', userKey, 'version', version, 'body', ARGV[8], 'etag', ARGV[9], 'contacts', ARGV[10], 'fetchedAt', now,
  'sourceEtag', ARGV[6], 'sourceHash', ARGV[7])
redis.call('ZADD', KEYS[4], now, jid)
if not s[5] then
  redis.call('ZADD', KEYS[5], 0, ARGV[13])
end
redis.call('XADD', KEYS[6], 'MAXLEN', '~', ARGV[12], '*', 'user', jid, 'version', version, 'fetchedAt', now, 'diff', ARGV[11])
settle(userKey, KEYS[2], KEYS[3], ARGV[5], jid, 'fetched', generation)
return 'ok'
