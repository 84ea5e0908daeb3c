-- emptied.lua: shared by commit, drop and judge (put in front of them when they are loaded, after settle.lua).
-- A backend that has lost its data answers with an empty roster for everybody. When too many rosters of a domain are
-- emptied within a minute, further ones are held back until somebody judges: what is stored stays, and is served.
--
-- Of each domain `key` has `<minute> <written> <emptied> <held since> <confirmed until>`: what was written and emptied in
-- the minute, and two times in ms, 0 for never.
--
-- holdsBack(key, domain, empties, written, share, least)
--   empties  whether this write empties a roster that has contacts
--   written  rosters of the domain that were written or confirmed since somebody said so last, with this one
--   share    of a minute's rosters that may be emptied   least   so many may be in any case
-- Returns 'held', 'tripped' for the first of the domain, or nil: it may be written.

local function emptiedOf(key, domain)
  local found = {}
  for value in string.gmatch(redis.call('HGET', key, domain) or '', '%d+') do
    found[#found + 1] = tonumber(value)
  end
  return { minute = found[1] or 0, written = found[2] or 0, emptied = found[3] or 0, heldSince = found[4] or 0,
    confirmedUntil = found[5] or 0 }
end

local function keepEmptied(key, domain, d)
  redis.call('HSET', key, domain, table.concat({ text(d.minute), text(d.written), text(d.emptied), text(d.heldSince),
    text(d.confirmedUntil) }, ' '))
end

local function holdsBack(key, domain, empties, written, share, least)
  local now, d = millisecondsNow(), emptiedOf(key, domain)
  local minute = math.floor(now / 60000)
  if d.minute ~= minute then
    d.minute, d.written, d.emptied = minute, 0, 0
  end
  d.written = d.written + tonumber(written)
  local held
  if empties and now >= d.confirmedUntil then
    if d.heldSince > 0 then
      held = 'held'
    elseif d.emptied >= tonumber(least) and d.emptied + 1 > tonumber(share) * d.written then
      d.heldSince, held = now, 'tripped'
    end
  end
  if empties and not held then
    d.emptied = d.emptied + 1
  end
  keepEmptied(key, domain, d)
  return held
end
