-- Ends a session and revokes it.
-- KEYS  user, feed, meta
-- ARGV  beginning, tag, own, even if absent (1)
-- returns 1 if the session was there
local at = begin()
if not at then return late() end
local known = redis.call('HEXISTS', KEYS[1], ARGV[3]) == 1
if not known and ARGV[4] ~= '1' then return 0 end
revoke(KEYS[2], KEYS[3], 'S' .. ARGV[2] .. ARGV[3], at)
if known then drop_session(KEYS[1], ARGV[3]) end
return known and 1 or 0
