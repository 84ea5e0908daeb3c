-- release.lua: an attempt ended without settling its user, and another one will follow (a retry, a pause of the backend).
-- KEYS  1 user hash
-- ARGV  1 fence   2 nonce
-- Returns 1 when the fetch was the latest begun, else 0. `starts` counts begins that never ended; this one ended.

local s = redis.call('HMGET', KEYS[1], 'fence', 'nonce')
if s[1] ~= ARGV[1] or s[2] ~= ARGV[2] then
  return 0
end
redis.call('HSET', KEYS[1], 'starts', 0)
return 1
