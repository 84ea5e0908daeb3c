-- use.lua: users have been read or named in a notice.
-- KEYS  1 used   2 stored
-- ARGV  1… bare JIDs, up to 500
-- Only those with a stored roster are noted: `used` says when a roster may be dropped, and names that anybody may make up
-- shall not fill it.

local time = redis.call('TIME')
local now = time[1] .. string.format('%03d', time[2] / 1000)
local noted = {}
for i, isStored in ipairs(redis.call('ZMSCORE', KEYS[2], unpack(ARGV))) do
  if isStored then
    noted[#noted + 1] = now
    noted[#noted + 1] = ARGV[i]
  end
end
if #noted > 0 then
  redis.call('ZADD', KEYS[1], unpack(noted))
end
