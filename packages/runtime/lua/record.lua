-- record.lua: adds to the history what a process has counted, and what one has measured for all.
-- KEYS  1 prefix of the steps   2 number of the last write of a process that counts; absent: what follows is measured
-- ARGV  1 number of resolutions, each then: name, seconds of a step, seconds that it is kept
--       then with a process: number of its write, for how many seconds that is remembered; for each count: field, how many more
--       else for each measure: field, value; of a step the largest stays
-- Nothing is counted twice: a process writes one after the other, and repeats one of which it had no answer.
-- A step is named by the clock of Redis, so that no clocks are compared.

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
local isCounted = KEYS[2] ~= nil
if isCounted then
  local write = take(2)
  if tonumber(ARGV[write]) <= tonumber(redis.call('GET', KEYS[2]) or '0') then
    return
  end
  redis.call('SET', KEYS[2], ARGV[write], 'EX', ARGV[write + 1])
end
for _, step in ipairs(keys) do
  for i = at, #ARGV, 2 do
    local field, value = ARGV[i], ARGV[i + 1]
    if isCounted then
      redis.call('HINCRBY', step[1], field, value)
    elseif tonumber(value) > tonumber(redis.call('HGET', step[1], field) or '-1') then
      redis.call('HSET', step[1], field, value)
    end
  end
  if step[3] then
    redis.call('EXPIRE', step[1], step[2])
  end
end
