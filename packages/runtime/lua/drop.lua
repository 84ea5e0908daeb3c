-- drop.lua (after settle.lua and emptied.lua): the backend said that the user is gone (410), and so goes the stored roster.
-- KEYS  1 user   2 roster   3 open   4 epoch   5 failed   6 the job's lock   7 stored   8 names   9 used   10 changes
--       11 gone   12 emptied, or none
-- ARGV  1 bare JID   2 generation   3 fence   4 nonce   5 prefix of the settled channels   6 the lock's token
--       7 code   8 message   9 the change as JSON   10 length of the change log   11 name to find the user by
--       12 most who are listed whom the backend never knew   with key 12: 13 to 16 as 14 to 17 of commit
-- Returns 'ok' | 'lock-lost', as fail has it | 'superseded' | 'superseded-open' | 'held' | 'tripped', as commit has them.
-- Drop, change and settled land together or not at all. G2: as in commit, a write. G6: targets learn of it, also of one whose
-- roster was dropped before since nobody used it, which they still have; and he stays in `gone` until he is back, by the
-- id of that change (ms * 1000 + number), for targets that are away for longer than the change log reaches. A backend that
-- has lost its data may say so of everybody: the guard holds here as well. Nobody is left to repair; the counters stay, and
-- a user who comes back goes on with them.

if redis.call('GET', KEYS[6]) ~= ARGV[6] then
  return 'lock-lost'
end
local fetched = redis.call('HGET', KEYS[1], 'fetched')
local user, superseded = latestBegun(KEYS, ARGV)
if not user then
  return superseded
end
local jid = ARGV[1]
local contacts = redis.call('HGET', KEYS[2], 'contacts')
local isNews = contacts or user.version > 0 and not redis.call('ZSCORE', KEYS[11], jid)
if KEYS[12] then
  local empties = isNews and contacts ~= '0'
  local held = holdsBack(KEYS[12], ARGV[13], empties, ARGV[14], ARGV[15], ARGV[16])
  if held then
    return held
  end
end
user.fetched = number(fetched) -- this fetch brought no roster
user.failed = math.max(user.failed, tonumber(ARGV[2]))
if isNews then
  redis.call('UNLINK', KEYS[2])
  user.version = user.version + 1
  user.change = redis.call('XADD', KEYS[10], 'MAXLEN', '~', ARGV[10], '*', 'user', jid, 'version', text(user.version),
    'diff', ARGV[9], 'prev', user.change)
  local ms, n = string.match(user.change, '(%d+)-(%d+)')
  redis.call('ZADD', KEYS[11], text(ms * 1000 + math.min(n, 999)), jid)
  redis.call('ZREM', KEYS[7], jid)
  redis.call('ZREM', KEYS[8], ARGV[11])
  redis.call('ZREM', KEYS[9], jid)
end
redis.call('HDEL', KEYS[1], 'repairs')
if user.failed > user.fetched then
  neverKnown(KEYS[5], jid, user.wasFailed and (redis.call('HGET', KEYS[1], 'code') or ''), ARGV[12])
end
settle(user, KEYS, ARGV[5], jid, 'failed', text(user.failed), 'code', ARGV[7], 'message', ARGV[8], 'version',
  text(user.version), 'change', user.change)
return 'ok'
