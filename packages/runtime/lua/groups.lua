-- groups.lua: shared by all scripts that change who has failed (put in front of them when they are loaded).
-- Users whose last fetch failed, by why and at whose backend: `<failed>:<code>:<domain>`, bare JIDs by when they failed, in
-- ms. `<failed>:groups` names each group that has members, with the time since when it has. A user is in one of them while
-- `failed` > `fetched`, unless somebody dismissed him, or dropped his roster as unused; in none else.
-- The names are made of that of `failed`, and so are in its slot: passing them as KEYS would take a look at the user first.
--
-- Whom the backend never knew are in groups of their own, which keep the newest of them, so many as failure-groups.ts says:
-- names that anybody may make up shall not fill Redis, and an operator must see that a backend knows nobody any more (its
-- URL may be wrong).

local NEVER_KNOWN = 'never-known'

local function leave(failedKey, group, jid)
  local key = failedKey .. ':' .. group
  if redis.call('ZREM', key, jid) == 1 and redis.call('EXISTS', key) == 0 then
    redis.call('HDEL', failedKey .. ':groups', group)
  end
end

-- `code` is why he failed before; not to be in that group is no mistake.
local function leaveGroup(failedKey, jid, code)
  local domain = string.match(jid, '@(.*)') or jid
  leave(failedKey, code .. ':' .. domain, jid)
  if code == 'user-unknown' then
    leave(failedKey, NEVER_KNOWN .. ':' .. domain, jid)
  end
end

-- `before`: why he failed before, false when he did not. `most`: how many are kept whom the backend never knew, false when
-- he is none of them.
local function joinGroup(failedKey, jid, before, code, most, now)
  local domain = string.match(jid, '@(.*)') or jid
  local group = (most and NEVER_KNOWN or code) .. ':' .. domain
  if before and before ~= code then
    leaveGroup(failedKey, jid, before)
  elseif before and code == 'user-unknown' then
    leave(failedKey, (most and code or NEVER_KNOWN) .. ':' .. domain, jid)
  end
  local key = failedKey .. ':' .. group
  if redis.call('ZADD', key, now, jid) == 1 then
    redis.call('HSETNX', failedKey .. ':groups', group, now)
    if most then
      redis.call('ZREMRANGEBYRANK', key, '0', '-' .. (most + 1))
    end
  end
end
