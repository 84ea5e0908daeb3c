-- walk.lua: how far a walk through the users of a target has come, or that it has ended.
-- KEYS  1 delivery
-- ARGV  1 id of the walk   2 text of the walk; '': it has ended
-- Returns 1; 0 when another walk has begun meanwhile, and is left as it is.
-- G6: a walk stands for changes that were missed. Nobody who goes through an earlier one takes it away.

local text = redis.call('HGET', KEYS[1], 'walk')
if text and cjson.decode(text).id ~= ARGV[1] then
  return 0
end
if ARGV[2] == '' then
  redis.call('HDEL', KEYS[1], 'walk')
else
  redis.call('HSET', KEYS[1], 'walk', ARGV[2])
end
return 1
