-- Ends a session and revokes it.
-- KEYS  user, feed, meta
-- ARGV  header, tag, field, whether to revoke it even if it is absent (1)
-- returns the subject if the session was there, or else nil
local at = begin()
if not at then return too_late() end
local known = redis.call('HEXISTS', KEYS[1], ARGV[3]) == 1
if not known and ARGV[4] ~= '1' then return false end
local subject = known and redis.call('HGET', KEYS[1], '@')
revoke(KEYS[2], KEYS[3], 'S' .. ARGV[2] .. ARGV[3], at)
if known then drop_session(KEYS[1], ARGV[3]) end
return subject
