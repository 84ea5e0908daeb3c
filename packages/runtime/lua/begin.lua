-- begin.lua (after settle.lua): a worker is about to fetch the roster of a user.
-- KEYS  1 user hash   2 open   3 epoch
-- ARGV  1 bare JID   2 nonce, fresh   3 starts allowed   4 prefix of the settled channels   5 contacts of a small roster
-- Returns { 'nothing-to-do' } | { 'given-up' } | { 'begun', generation, fence, source etag, source hash, etag, body }.
-- The body comes along when the roster is small, which spares a look for it when the backend's is another one.
-- G2: only the latest begun fetch may write: the fence counts, the nonce tells apart two Redis of different memory.
-- `starts` counts begins that never ended; a user whose fetch keeps killing workers is given up, not passed on for ever (G7).

local userKey = KEYS[1]
local s = redis.call('HMGET', userKey, 'wanted', 'fetched', 'starts', 'sourceEtag', 'sourceHash', 'etag', 'fence',
  'contacts')
local wanted = number(s[1])
if number(s[2]) >= wanted then
  return { 'nothing-to-do' }
end
local starts = number(s[3])
if starts >= tonumber(ARGV[3]) then
  redis.call('HSET', userKey, 'code', 'worker-crashed', 'message',
    starts .. ' fetches of this roster were begun and never ended: its worker crashed or was killed each time')
  settle(userKey, KEYS[2], KEYS[3], ARGV[4], ARGV[1], 'failed', wanted)
  return { 'given-up' }
end
local fence = number(s[7]) + 1
redis.call('HSET', userKey, 'fence', fence, 'nonce', ARGV[2], 'starts', starts + 1)
if not s[6] then -- no stored roster: nothing the backend's answer could be compared with
  return { 'begun', wanted, fence, '', '', '', '' }
end
local body = number(s[8]) <= tonumber(ARGV[5]) and redis.call('HGET', userKey, 'body')
return { 'begun', wanted, fence, s[4] or '', s[5] or '', s[6], body or '' }
