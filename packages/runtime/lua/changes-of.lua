-- changes-of.lua: the last changes of one user, found without looking through those of all others.
-- KEYS  1 user
-- ARGV  1 how many at most   2 key of the change log, of the same slot: as one of KEYS it would need the right to be written
--       3 the id of one of his changes, behind which the older ones follow; '' = from the last one on
-- Returns the entries, the newest first, as XRANGE has them. Where one has been trimmed, or was written by a version that
-- did not say which was before it, they end.

local found = {}

local function before(entry)
  for i = 1, #entry[2], 2 do
    if entry[2][i] == 'prev' then
      return entry[2][i + 1]
    end
  end
end

local id
if ARGV[3] == '' then
  id = redis.call('HGET', KEYS[1], 'change')
else
  local entry = redis.call('XRANGE', ARGV[2], ARGV[3], ARGV[3])[1]
  id = entry and before(entry)
end
while id and id ~= '' and #found < tonumber(ARGV[1]) do
  local entry = redis.call('XRANGE', ARGV[2], id, id)[1]
  if not entry then
    break
  end
  found[#found + 1] = entry
  id = before(entry)
end
return found
