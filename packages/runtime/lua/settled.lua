-- settled.lua: how far up to 500 users of one shard have come; for waiters whose message was lost, and for progress.
-- KEYS  1 epoch   2… user hashes
-- Returns { epoch or '', { wanted, fetched, failed, version, code, message }, … } in the order of the users; code and
-- message are '' unless the last fetch failed. Writes nothing.

local answer = { redis.call('GET', KEYS[1]) or '' }
for i = 2, #KEYS do
  local s = redis.call('HMGET', KEYS[i], 'wanted', 'fetched', 'failed', 'version', 'code', 'message')
  local fetched, failed = tonumber(s[2] or '0'), tonumber(s[3] or '0')
  local code, message = '', ''
  if failed > fetched then
    code, message = s[5] or '', s[6] or ''
  end
  answer[i] = { tonumber(s[1] or '0'), fetched, failed, tonumber(s[4] or '0'), code, message }
end
return answer
