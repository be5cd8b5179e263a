-- Ends a session and revokes it.
-- KEYS  user, feed, meta
-- ARGV  epoch, channel, shard, deadline, tag, at, own, even if absent (1)
-- returns 1 if the session was there
if is_late() then return LATE end
local known = redis.call('HEXISTS', KEYS[1], ARGV[7]) == 1
if not known and ARGV[8] ~= '1' then return 0 end
revoke(KEYS[2], KEYS[3], news, 'S' .. ARGV[5] .. ARGV[7], instant(ARGV[6]))
if known then drop_session(KEYS[1], ARGV[7]) end
return known and 1 or 0
