-- settle.lua: shared by begin, commit, confirm and fail (put in front of them when they are loaded).
--
-- settle(userKey, openKey, epochKey, channelPrefix, jid, field, generation)
--   field       'fetched' or 'failed': raised to `generation`, never lowered
-- Closes the user when nothing newer is asked for, and tells every replica that waits for the user. One message is the
-- user's whole state, so a lost or repeated one does no harm (G5). The epoch goes with it: a generation of a Redis that
-- has lost its data means nothing in the next one.

local function number(value)
  return tonumber(value or '0') or 0
end

local function settle(userKey, openKey, epochKey, channelPrefix, jid, field, generation)
  local s = redis.call('HMGET', userKey, 'wanted', 'fetched', 'failed', 'version', 'code', 'message', 'waiting')
  local wanted, fetched, failed = number(s[1]), number(s[2]), number(s[3])
  if field == 'fetched' then
    fetched = math.max(fetched, generation)
  else
    failed = math.max(failed, generation)
  end
  local settled = math.max(fetched, failed)
  local waiting, still = s[7] or '', {}
  for replica, generationOf in string.gmatch(waiting, '(%S+)=(%d+)') do
    if tonumber(generationOf) > settled then
      still[#still + 1] = replica .. '=' .. generationOf
    end
  end
  redis.call('HSET', userKey, 'fetched', fetched, 'failed', failed, 'stale', failed > fetched and 1 or 0, 'starts', 0,
    'waiting', table.concat(still, ' '))
  if settled >= wanted then
    redis.call('ZREM', openKey, jid)
  end
  if waiting == '' then
    return
  end
  local message = cjson.encode({
    jid = jid,
    epoch = redis.call('GET', epochKey) or '',
    wanted = wanted,
    fetched = fetched,
    failed = failed,
    version = number(s[4]),
    code = s[5] or '',
    message = s[6] or '',
  })
  for replica in string.gmatch(waiting, '(%S+)=%d+') do
    redis.call('PUBLISH', channelPrefix .. replica, message)
  end
end
