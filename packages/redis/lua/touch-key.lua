-- Notes when an API key was last used, unless the key is gone.
-- KEYS  API keys
-- ARGV  header, field
local at = begin()
if not at then return too_late() end
if redis.call('HEXISTS', KEYS[1], ARGV[2]) == 1 then redis.call('HSET', KEYS[1], '.' .. ARGV[2], text(at)) end
return 1
