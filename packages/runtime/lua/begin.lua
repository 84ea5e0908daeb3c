-- begin.lua (after settle.lua): a worker is about to fetch the roster of a user.
-- KEYS  1 user   2 roster   3 open   4 epoch   5 failed
-- ARGV  1 bare JID   2 nonce, fresh   3 starts allowed   4 prefix of the settled channels   5 contacts of a small roster
--       6 longest pause before a repair, in ms
-- Returns { 'nothing-to-do' } | { 'given-up' } | { 'begun', generation, fence, source etag, source hash, etag, body,
-- version, open }. The body comes along when the roster is small, which spares a look for it when the backend's is another
-- one; the version when there is no roster, which tells whether there was one. `open`: for how many ms somebody has waited
-- for the user, -1 when nobody does.
-- G2: only the latest begun fetch may write: the fence counts, the nonce tells apart two Redis of different memory.
-- `starts` counts begins that never ended; a user whose fetch keeps killing workers is given up, not passed on for ever (G7),
-- and repaired as seldom as anybody.

local s = redis.call('HMGET', KEYS[1], 'wanted', 'fetched', 'starts', 'fence')
local wanted, fetched, starts = number(s[1]), number(s[2]), number(s[3])
if fetched >= wanted then
  return { 'nothing-to-do' }
end
if starts >= tonumber(ARGV[3]) then
  local more = redis.call('HMGET', KEYS[1], 'version', 'waiting', 'failed', 'code')
  local before = number(more[3]) > fetched and more[4]
  local user = { wanted = wanted, fetched = fetched, failed = wanted, version = number(more[1]), waiting = more[2] or '' }
  redis.call('HSET', KEYS[1], 'code', 'worker-crashed', 'message', text(starts) ..
    ' fetches of this roster were begun and never ended: its worker crashed or was killed each time')
  markStale(user, KEYS[2])
  repairLater(KEYS[5], ARGV[1], ARGV[6], before, 'worker-crashed')
  settle(user, KEYS, ARGV[4], ARGV[1], 'failed', s[1])
  return { 'given-up' }
end
local fence = number(s[4]) + 1
redis.call('HSET', KEYS[1], 'fence', text(fence), 'nonce', ARGV[2], 'starts', text(starts + 1))
local since = redis.call('ZSCORE', KEYS[3], ARGV[1])
local open = since and math.max(0, millisecondsNow() - tonumber(since)) or -1
local roster = redis.call('HMGET', KEYS[2], 'etag', 'sourceEtag', 'sourceHash', 'contacts')
if not roster[1] then -- nothing the backend's answer could be compared with
  return { 'begun', wanted, fence, '', '', '', '', redis.call('HGET', KEYS[1], 'version') or '0', open }
end
local body = number(roster[4]) <= tonumber(ARGV[5]) and redis.call('HGET', KEYS[2], 'body')
return { 'begun', wanted, fence, roster[2] or '', roster[3] or '', roster[1], body or '', '', open }
