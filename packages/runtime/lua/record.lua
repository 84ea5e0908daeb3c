-- record.lua: adds to the history what a process has counted, and what one has measured for all.
-- KEYS  1 prefix of the steps   2 number of the last write of a process that counts; absent: what follows is measured
-- ARGV  1 number of resolutions, each then: name, seconds of a step, seconds that it is kept
--       then with a process: number of its write, for how many seconds that is remembered
--       then for each domain, '' = of all: its name, number of fields, each then: field, how many more; or how much it is, of
--       which the largest of a step stays
-- Nothing is counted twice: a process writes one after the other, and repeats one of which it had no answer.
-- A step is named by the clock of Redis, so that no clocks are compared. What is of one domain alone is in a hash of its own:
-- large ones take several times the memory of small ones.

local time = redis.call('TIME')
local at = 1
local function take(n)
  at = at + n
  return at - n
end

local steps = {}
for _ = 1, tonumber(ARGV[take(1)]) do
  local first = take(3)
  local step = KEYS[1] .. ARGV[first] .. ':' .. string.format('%d', math.floor(time[1] / ARGV[first + 1]))
  steps[#steps + 1] = { step, ARGV[first + 2] }
end
local isCounted = KEYS[2] ~= nil
if isCounted then
  local write = take(2)
  if tonumber(ARGV[write]) <= tonumber(redis.call('GET', KEYS[2]) or '0') then
    return
  end
  redis.call('SET', KEYS[2], ARGV[write], 'EX', ARGV[write + 1])
end

while at < #ARGV do
  local part = take(2)
  local domain, count = ARGV[part], tonumber(ARGV[part + 1])
  local first = take(2 * count)
  for _, step in ipairs(steps) do
    local key = domain == '' and step[1] or step[1] .. ':' .. domain
    local isNew = redis.call('EXISTS', key) == 0
    for i = first, first + 2 * count - 1, 2 do
      local field, value = ARGV[i], ARGV[i + 1]
      if isCounted then
        redis.call('HINCRBY', key, field, value)
      elseif tonumber(value) > tonumber(redis.call('HGET', key, field) or '-1') then
        redis.call('HSET', key, field, value)
      end
    end
    if isNew then
      redis.call('EXPIRE', key, step[2])
    end
  end
end
