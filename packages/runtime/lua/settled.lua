-- settled.lua: how far up to 500 users of one shard have come; for waiters whose message was lost, and for progress.
-- KEYS  1 prefix of the user hashes   2 epoch
-- ARGV  1… bare JIDs
-- Returns { epoch or '', { wanted, fetched, failed, version, code, message }, … } in the order of the JIDs; code and
-- message are '' unless the last fetch failed. Writes nothing.

local answer = { redis.call('GET', KEYS[2]) or '' }
for i = 1, #ARGV do
  local s = redis.call('HMGET', KEYS[1] .. ARGV[i], 'wanted', 'fetched', 'failed', 'version', 'code', 'message')
  local fetched, failed = tonumber(s[2] or '0'), tonumber(s[3] or '0')
  local code, message = '', ''
  if failed > fetched then
    code, message = s[5] or '', s[6] or ''
  end
  answer[i + 1] = { tonumber(s[1] or '0'), fetched, failed, tonumber(s[4] or '0'), code, message }
end
return answer
