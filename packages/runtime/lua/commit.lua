-- commit.lua (after settle.lua; after emptied.lua too when it is guarded): stores a roster that differs from the stored one.
-- KEYS  1 user   2 roster   3 open   4 epoch   5 failed   6 stored   7 names   8 changes   9 gone
--       10 emptied, when it is guarded
-- ARGV  1 bare JID   2 generation   3 fence   4 nonce   5 prefix of the settled channels   6 source etag   7 source hash
--       8 body   9 etag of the body   10 number of contacts   11 the change as JSON   12 length of the change log
--       13 name to find the user by
--       when it is guarded: 14 domain   15 rosters of it to be counted   16 share   17 number that may be emptied
-- Returns 'ok' | 'superseded' | 'superseded-open', as latestBegun has it | 'held' | 'tripped', as holdsBack has it: nothing
-- is written then, and to say that the fetch failed is up to the caller.
-- Roster, change and settled land together or not at all. G2: only the latest begun fetch writes. G4: nothing else
-- touches the body. G6: a stored roster is never without its change. Each change names the user's one before (`prev`), so
-- that the last of one user are found among those of all.

local user, superseded = latestBegun(KEYS, ARGV)
if not user then
  return superseded
end
if KEYS[10] then
  local empties = ARGV[10] == '0' and number(redis.call('HGET', KEYS[2], 'contacts')) > 0
  local held = holdsBack(KEYS[10], ARGV[14], empties, ARGV[15], ARGV[16], ARGV[17])
  if held then
    return held
  end
end
local jid = ARGV[1]
user.version = user.version + 1
local version = text(user.version)
local change = redis.call('XADD', KEYS[8], 'MAXLEN', '~', ARGV[12], '*', 'user', jid, 'version', version, 'diff', ARGV[11],
  'prev', user.change)
local now = string.match(change, '^%d+') -- the id of a stream's entry begins with the time in ms
redis.call('HSET', KEYS[2], 'body', ARGV[8], 'etag', ARGV[9], 'state', stateOf(user, now), 'contacts', ARGV[10],
  'sourceEtag', ARGV[6], 'sourceHash', ARGV[7])
if redis.call('ZADD', KEYS[6], now, jid) == 1 then
  redis.call('ZADD', KEYS[7], '0', ARGV[13])
  redis.call('ZREM', KEYS[9], jid)
end
settle(user, KEYS, ARGV[5], jid, 'fetched', text(user.fetched), 'version', version, 'change', change)
return 'ok'
