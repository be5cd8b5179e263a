-- Ends a session and revokes it.
-- KEYS  user, feed, meta, and the outbox, if it is told
-- ARGV  header, tag, field, whether to revoke it even if it is absent (1)
-- returns the subject if the session was there, or else nil
local at = begin()
if not at then return too_late() end
local user, field = KEYS[1], ARGV[3]
local found = redis.call('HMGET', user, field, '@', 'x')
-- One that is over is left to whoever ended it, who tells of it.
local known = found[1] and not is_over(found[1], field, made_after(found[3]))
  and not is_over(found[1], field, everything_until(KEYS[3]), '')
if not known and ARGV[4] ~= '1' then return false end
revoke(KEYS[2], KEYS[3], 'S' .. ARGV[2] .. field, at, KEYS[4])
if not known then return false end
drop_session(user, field)
return found[2]
