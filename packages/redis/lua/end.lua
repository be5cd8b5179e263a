-- Ends a session and revokes it.
-- KEYS  user, feed, meta
-- ARGV  epoch, channel, shard, tag, at, own, even if absent (1)
-- returns 1 if the session was there
local known = redis.call('HEXISTS', KEYS[1], ARGV[6]) == 1
if not known and ARGV[7] ~= '1' then return 0 end
revoke(KEYS[2], KEYS[3], { epoch = ARGV[1], channel = ARGV[2], shard = ARGV[3] }, 'S' .. ARGV[4] .. ARGV[6], instant(ARGV[5]))
if known then drop_session(KEYS[1], ARGV[6]) end
return known and 1 or 0
