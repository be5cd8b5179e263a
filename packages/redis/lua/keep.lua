-- Lets a session go on after all others of its subject have ended.
-- KEYS  user, feed, meta
-- ARGV  header, field, idle, absolute
-- returns {state, grant, subject}, each '' if the session is not there any more
local at = begin()
if not at then return too_late() end
local survivor = survivor_of(KEYS[1], KEYS[3], ARGV[2], at, tonumber(ARGV[3]), tonumber(ARGV[4]))
if not survivor then return { '', '', '' } end
return { keep_session(KEYS[1], ARGV[2], survivor) }
