-- confirm.lua (after settle.lua): the fetch showed that the stored roster is still what the backend has.
-- KEYS  1 user   2 roster   3 open   4 epoch   5 failed   6 stored
-- ARGV  1 bare JID   2 generation   3 fence   4 nonce   5 prefix of the settled channels   6 source etag   7 source hash
-- Returns 'ok' | 'superseded' | 'superseded-open', as latestBegun has it.
-- G2: as in commit.

local user, superseded = latestBegun(KEYS, ARGV)
if not user then
  return superseded
end
local jid = ARGV[1]
local time = redis.call('TIME')
local now = time[1] .. string.format('%03d', time[2] / 1000)
redis.call('HSET', KEYS[2], 'state', stateOf(user, now), 'sourceEtag', ARGV[6], 'sourceHash', ARGV[7])
redis.call('ZADD', KEYS[6], now, jid)
settle(user, KEYS, ARGV[5], jid, 'fetched', text(user.fetched))
return 'ok'
