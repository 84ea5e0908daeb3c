-- request.lua: asks for the rosters of up to 500 users of one shard.
-- KEYS  1 epoch   2 open   3… user hashes: a prefix and the bare JID
-- ARGV  1 replica that waits ('' = nobody)   2 a fresh random epoch, used when there is none   3 length of the prefix
-- Returns { epoch, generation, version, generation, version, … } in the order of the users; `version` is the one stored
-- now, by which the caller tells later whether the roster changed.
-- G1: the generation is issued by Redis, so a fetch that begins with it begins after this request. G8: from here on
-- the user is in `open` until settled, whatever happens to the caller.

local replica = ARGV[1]
local epoch = redis.call('GET', KEYS[1])
if not epoch then
  epoch = ARGV[2]
  redis.call('SET', KEYS[1], epoch)
end
local time = redis.call('TIME')
local now = time[1] .. string.format('%03d', time[2] / 1000)

local function without(waiting, name)
  local others = {}
  for one, generation in string.gmatch(waiting or '', '(%S+)=(%d+)') do
    if one ~= name then
      others[#others + 1] = one .. '=' .. generation
    end
  end
  return others
end

local answer = { epoch }
for i = 3, #KEYS do
  local userKey = KEYS[i]
  local jid = string.sub(userKey, ARGV[3] + 1)
  local s = redis.call('HMGET', userKey, 'wanted', 'version', 'waiting')
  local generation = (tonumber(s[1] or '0') or 0) + 1
  local wanted = string.format('%d', generation)
  if replica == '' then
    redis.call('HSET', userKey, 'wanted', wanted)
  elseif s[3] then
    local waiting = without(s[3], replica)
    waiting[#waiting + 1] = replica .. '=' .. wanted
    redis.call('HSET', userKey, 'wanted', wanted, 'waiting', table.concat(waiting, ' '))
  else
    redis.call('HSET', userKey, 'wanted', wanted, 'waiting', replica .. '=' .. wanted)
  end
  redis.call('ZADD', KEYS[2], 'NX', now, jid)
  answer[#answer + 1] = generation
  answer[#answer + 1] = tonumber(s[2] or '0')
end
return answer
