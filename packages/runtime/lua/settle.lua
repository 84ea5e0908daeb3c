-- settle.lua (after groups.lua): shared by all scripts that settle users (put in front of them when they are loaded).
--
-- latestBegun(keys, args)
--   args   1 bare JID   2 generation   3 fence   4 nonce
-- G2: the user whose roster may be written, since this fetch is the latest begun, with its generation fetched and the id of
-- the last `change`; else nil and what the script returns: 'superseded' (settled by a later fetch) | 'superseded-open' (a
-- later fetch has begun and has not settled the user).
--
-- settle(user, keys, channelPrefix, jid, …)
--   user   numbers `wanted`, `fetched` and `failed` as they are from now on, `version`, and the text `waiting`
--   keys   the script's KEYS, which begin with 1 user   2 roster   3 open   4 epoch   5 failed
--   …      fields of the user to be written, and their values
-- Closes the user when nothing newer is asked for; else he is open since now, as whoever is left asked after this fetch had
-- begun. Tells every replica that waits for the user. One message is the user's whole state, so a lost or repeated one does
-- no harm (G5). The epoch goes with it: a generation of a Redis that has lost its data means nothing in the next one.
--
-- Nobody stays stale: a user is in `failed` while `failed` > `fetched`, by when his roster is fetched again. `repairLater`
-- puts him there, `settle` takes him out, and off his group, which costs only those who had failed: of all others it
-- writes nothing.
--
-- For a Cluster the messages are made sharded ones when the script is loaded.
--
-- Numbers are passed on as text: Redis writes a number of Lua with 17 digits of precision, which costs more than HSET.

local function number(value)
  return tonumber(value or '0') or 0
end

local function text(integer)
  return string.format('%d', integer)
end

local function latestBegun(keys, args)
  local s = redis.call('HMGET', keys[1], 'fence', 'nonce', 'wanted', 'fetched', 'failed', 'version', 'waiting',
    'change')
  local generation, fetched, failed = tonumber(args[2]), number(s[4]), number(s[5])
  if s[1] ~= args[3] or s[2] ~= args[4] then
    return nil, math.max(fetched, failed) >= generation and 'superseded' or 'superseded-open'
  end
  local wasFailed = failed > fetched
  fetched = math.max(fetched, generation)
  return { wanted = number(s[3]), fetched = fetched, failed = failed, wasFailed = wasFailed, version = number(s[6]),
    waiting = s[7] or '', change = s[8] or '' }
end

local function millisecondsNow()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- How long a user waits for the next repair: `repairs` have been tried since the last good fetch.
local function repairPause(repairs, shortest, longest)
  return math.min(tonumber(longest), tonumber(shortest) * 2 ^ repairs)
end

-- Puts him into the group of his failure too: `before` is the code of the last one, false when that was no failure.
local function repairLater(failedKey, jid, pause, before, code)
  local now = millisecondsNow()
  redis.call('ZADD', failedKey, text(now + pause), jid)
  joinGroup(failedKey, jid, before, code, false, text(now))
end

-- The backend never knew him: he is in a group, which keeps the newest so many, and nobody repairs him.
local function neverKnown(failedKey, jid, before, most)
  redis.call('ZREM', failedKey, jid)
  joinGroup(failedKey, jid, before, 'user-unknown', most, text(millisecondsNow()))
end

-- What a read needs beside body and etag, in one field: `<fetched at, ms> <version> <stale>`; stale is 1 when the last
-- fetch failed, so that what is stored is the last good roster.
local function stateOf(user, fetchedAt)
  return fetchedAt .. ' ' .. text(user.version) .. (user.failed > user.fetched and ' 1' or ' 0')
end

-- G4: nothing else of a stored roster is touched by a failure. Returns whether one is stored.
local function markStale(user, rosterKey)
  local state = redis.call('HGET', rosterKey, 'state')
  if state then
    redis.call('HSET', rosterKey, 'state', stateOf(user, string.match(state, '^%d+')))
  end
  return state ~= false
end

local function messageOf(keys, user, jid)
  local why = { '', '' } -- of the last failure; nobody asks for it when a later fetch went well
  if user.failed > user.fetched then
    why = redis.call('HMGET', keys[1], 'code', 'message')
  end
  return table.concat({ jid, redis.call('GET', keys[4]) or '', text(user.wanted), text(user.fetched), text(user.failed),
    text(user.version), why[1] or '', why[2] or '' }, '\n')
end

local function settle(user, keys, channelPrefix, jid, ...)
  local settled = math.max(user.fetched, user.failed)
  local told, still = {}, {}
  for replica, generation in string.gmatch(user.waiting, '(%S+)=(%d+)') do
    told[#told + 1] = replica
    if tonumber(generation) > settled then
      still[#still + 1] = replica .. '=' .. generation
    end
  end
  redis.call('HSET', keys[1], 'starts', '0', 'waiting', table.concat(still, ' '), ...)
  if settled >= user.wanted then
    redis.call('ZREM', keys[3], jid)
  else
    redis.call('ZADD', keys[3], 'XX', text(millisecondsNow()), jid)
  end
  if user.wasFailed and user.fetched >= user.failed then
    redis.call('ZREM', keys[5], jid)
    redis.call('HDEL', keys[1], 'repairs')
    leaveGroup(keys[5], jid, redis.call('HGET', keys[1], 'code') or '')
  end
  if #told > 0 then
    local message = messageOf(keys, user, jid)
    for _, replica in ipairs(told) do
      redis.call('PUBLISH', channelPrefix .. replica, message)
    end
  end
end
