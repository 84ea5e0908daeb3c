-- record.lua: adds to the history what a process has counted, and what one has measured for all.
-- KEYS  1 prefix of the steps
-- ARGV  1 number of resolutions, each then: name, seconds of a step, seconds that it is kept
--       then the number of counts, each then: field, how many more
--       then for each measure: field, value; of a step the largest stays
-- Returns the time, in ms. A step is named by the clock of Redis, so that no clocks are compared.

local time = redis.call('TIME')
local at = 1
local function take(n)
  at = at + n
  return at - n
end

local keys = {}
for _ = 1, tonumber(ARGV[take(1)]) do
  local first = take(3)
  local key = KEYS[1] .. ARGV[first] .. ':' .. string.format('%d', math.floor(time[1] / ARGV[first + 1]))
  keys[#keys + 1] = { key, ARGV[first + 2], redis.call('EXISTS', key) == 0 }
end
for _ = 1, tonumber(ARGV[take(1)]) do
  local first = take(2)
  for _, step in ipairs(keys) do
    redis.call('HINCRBY', step[1], ARGV[first], ARGV[first + 1])
  end
end
while at < #ARGV do
  local first = take(2)
  for _, step in ipairs(keys) do
    local known = redis.call('HGET', step[1], ARGV[first])
    if not known or tonumber(known) < tonumber(ARGV[first + 1]) then
      redis.call('HSET', step[1], ARGV[first], ARGV[first + 1])
    end
  end
end
for _, step in ipairs(keys) do
  if step[3] then
    redis.call('EXPIRE', step[1], step[2])
  end
end
return time[1] * 1000 + math.floor(time[2] / 1000)
