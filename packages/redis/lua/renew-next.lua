-- Goes through the next sessions of a subject whose tokens are revoked.
-- KEYS  user, feed, meta
-- ARGV  header, cursor, idle, absolute
-- returns {next cursor, fields of the live sessions ...}
local at = begin()
if not at then return too_late() end
local user = KEYS[1]
local cursor, hash = next_slice(user, ARGV[2], SLICE)
local reply = { cursor }
for _, one in ipairs(sessions_among(hash, user, KEYS[3], at, tonumber(ARGV[3]), tonumber(ARGV[4]))) do
  if not one.over then reply[#reply + 1] = one.field end
end
return reply
