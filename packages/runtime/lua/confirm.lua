-- confirm.lua (after settle.lua): the fetch showed that the stored roster is still what the backend has.
-- KEYS  1 user   2 roster   3 open   4 epoch   5 stored
-- ARGV  1 bare JID   2 generation   3 fence   4 nonce   5 prefix of the settled channels   6 source etag   7 source hash
-- Returns 'ok' | 'superseded' (settled by a later fetch) | 'superseded-open' (a later fetch began and has not settled it).
-- G2: as in commit.

local jid, generation = ARGV[1], tonumber(ARGV[2])
local s = redis.call('HMGET', KEYS[1], 'fence', 'nonce', 'wanted', 'fetched', 'failed', 'version', 'waiting')
local fetched, failed = number(s[4]), number(s[5])
if s[1] ~= ARGV[3] or s[2] ~= ARGV[4] then
  return math.max(fetched, failed) >= generation and 'superseded' or 'superseded-open'
end
fetched = math.max(fetched, generation)
local user = { wanted = number(s[3]), fetched = fetched, failed = failed, version = number(s[6]), waiting = s[7] or '' }
local time = redis.call('TIME')
local now = time[1] .. string.format('%03d', time[2] / 1000)
redis.call('HSET', KEYS[2], 'fetchedAt', now, 'stale', failed > fetched and '1' or '0', 'sourceEtag', ARGV[6],
  'sourceHash', ARGV[7])
redis.call('ZADD', KEYS[5], now, jid)
settle(user, KEYS, ARGV[5], jid, 'fetched', text(fetched))
return 'ok'
