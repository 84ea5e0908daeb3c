-- now.lua: what time it is where a key is kept: the masters of a Cluster have clocks of their own.
-- KEYS  1 any key of the slot
-- Returns seconds and microseconds, as TIME.

return redis.call('TIME')
