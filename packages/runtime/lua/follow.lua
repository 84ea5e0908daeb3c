-- follow.lua: what a target has not been told of yet.
-- KEYS  1 asked: users to be brought to the target by request   2 owed: users who could not be
-- ARGV  1 epoch of the position ('' = no position)   2 position: id of the last entry that was taken   3 entries at most
--       4 users asked for and owed at most   5 ms after which an owed user is due again
--       6 key of the epoch   7 key of the change log, of the same slot: as KEYS they would need the right to be written
-- Returns { now in ms, epoch, kind, position, entries, asked, owed }. `kind`: 'next': the entries after the position |
-- 'new': there is no position: it begins behind the last entry | 'reset': the log is another one, whose beginning is next |
-- 'gap': entries after the position have been trimmed, or the log ends before it, since Redis has lost its last moments;
-- the position now is behind the last entry.
-- G6: an entry is either given or its loss is told. An owed user is due again after a while: whoever takes him may die.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local epoch = redis.call('GET', ARGV[6]) or ''
local changes = ARGV[7]
local kind, position = 'next', ARGV[2]

local function info(field)
  if redis.call('EXISTS', changes) == 0 then
    return nil
  end
  local all = redis.call('XINFO', 'STREAM', changes)
  for i = 1, #all, 2 do
    if all[i] == field then
      return all[i + 1]
    end
  end
end

local function before(a, b)
  local a1, a2 = string.match(a, '(%d+)-(%d+)')
  local b1, b2 = string.match(b, '(%d+)-(%d+)')
  if a1 == b1 then
    return tonumber(a2) < tonumber(b2)
  end
  return tonumber(a1) < tonumber(b1)
end

if ARGV[1] == '' then
  kind, position = 'new', info('last-generated-id') or '0-0'
elseif ARGV[1] ~= epoch then
  kind, position = 'reset', '0-0'
end
if kind ~= 'new' then
  local first = redis.call('XRANGE', changes, '-', '+', 'COUNT', 1)[1]
  local trimmed = first and before(position, first[1])
  if trimmed then -- or has the log never had an entry before that one?
    local added = info('entries-added')
    trimmed = not added or added > redis.call('XLEN', changes)
  end
  if trimmed then
    kind, position = 'gap', info('last-generated-id')
  end
end

local entries = redis.call('XRANGE', changes, '(' .. position, '+', 'COUNT', ARGV[3])
-- At the end of the log, the last entry it ever had is the one that was taken.
if #entries == 0 then
  local last = info('last-generated-id')
  if last and last ~= position then
    kind, position = 'gap', last
  end
end
local asked = redis.call('LPOP', KEYS[1], ARGV[4]) or {}
local owed = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, ARGV[4])
for _, jid in ipairs(owed) do
  redis.call('ZADD', KEYS[2], now + ARGV[5], jid)
end
return { now, epoch, kind, position, entries, asked, owed }
