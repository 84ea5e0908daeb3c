-- limit.lua: one worker's share of the requests to one backend, and how long that is to be left alone.
-- KEYS  1 limit
-- ARGV  1 worker   2 requests at a time that all workers may have   3 requests a second that they may begin (0: no cap)
--       4 requests this worker wants to have at a time   5 requests it has now   6 how long they may last, in ms (0: its
--       share stays as it is)
--       7 requests it wants to begin   8 within how many ms   9 pause the backend asked for, in ms (0: none)
-- Returns { requests it may have at a time, workers that share, requests it may begin, ms until the first of these,
-- ms of pause left }. Those that it may begin follow each other at the pace of the cap.
-- The shares of all workers together are never more than the cap: a share is what others have left, sized by what each
-- wants, and counts until its time is over, whether its worker lives or not. What a worker has running is never taken
-- from it. Only Redis tells the time. A shorter pause does not end a longer one.

local key, worker = KEYS[1], 'worker:' .. ARGV[1]
local cap, rate = tonumber(ARGV[2]), tonumber(ARGV[3])
local wanted, running, lease = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local begins, ahead, pause = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local kept = now -- until when anything here is of use

local function text(number)
  return string.format('%.3f', number)
end

local taken, othersWanted, othersBegins, sharers = 0, 0, 0, 1
local pausedUntil, nextBegin = 0, now
local fields = redis.call('HGETALL', key)
for i = 1, #fields, 2 do
  local name, value = fields[i], fields[i + 1]
  if name == 'paused until' then
    pausedUntil = tonumber(value)
  elseif name == 'next begin' then
    nextBegin = math.max(now, tonumber(value))
  elseif name ~= worker or lease == 0 then
    local has, wants, wantsBegins, untilThen = string.match(value, '^(%S+) (%S+) (%S+) (%S+)$')
    if tonumber(untilThen) <= now then
      redis.call('HDEL', key, name)
    else
      taken, sharers = taken + has, sharers + 1
      othersWanted, othersBegins = othersWanted + wants, othersBegins + wantsBegins
      kept = math.max(kept, tonumber(untilThen))
    end
  end
end

local function fairShare(all, mine, others)
  return mine > 0 and math.min(mine, math.ceil(all * mine / (mine + others))) or 0
end

local slots = cap > 0 and math.max(0, math.min(fairShare(cap, wanted, othersWanted), cap - taken)) or 0

local granted, first = 0, nextBegin - now
if rate > 0 then
  local room = math.floor((ahead - first) * rate / 1000 + 0.001)
  granted = math.max(0, math.min(room, fairShare(math.ceil(rate * ahead / 1000), begins, othersBegins)))
  if granted > 0 then
    nextBegin = nextBegin + granted * 1000 / rate
    redis.call('HSET', key, 'next begin', text(nextBegin))
  end
  kept = math.max(kept, nextBegin)
end

if lease > 0 and wanted + running + begins > 0 then
  redis.call('HSET', key, worker, math.max(slots, running) .. ' ' .. wanted .. ' ' .. begins .. ' ' .. text(now + lease))
  kept = math.max(kept, now + lease)
elseif lease > 0 then
  redis.call('HDEL', key, worker)
end

if pause > 0 and now + pause > pausedUntil then
  pausedUntil = now + pause
  redis.call('HSET', key, 'paused until', text(pausedUntil))
end
kept = math.max(kept, pausedUntil)
if kept > now then
  redis.call('PEXPIRE', key, math.ceil(kept - now) + 1)
end
return { slots, sharers, granted, math.ceil(first), math.max(0, math.ceil(pausedUntil - now)) }
