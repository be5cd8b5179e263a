-- Revokes all tokens that a subject has so far, and keeps its sessions. If there are too many of them, renew-next.lua
-- goes through them.
-- KEYS  user, feed, meta
-- ARGV  header, tag in base64url, idle, absolute, until when the caller knows that everything has ended and that tokens
--       are refused
-- returns {not before, whether there are too many (1), fields of the live sessions ...}
local at = begin()
if not at then return too_late() end
local user, feed, meta = KEYS[1], KEYS[2], KEYS[3]

check_marks(user)
-- The sessions live on, so no token may slip through: one that was issued by a clock that is ahead, one that is on its
-- way, or one that an earlier mark put off until the second after it.
local put_off = issue_from(redis.call('HGET', user, 'n'), everything_until(meta, tonumber(ARGV[5])), tonumber(ARGV[6]))
local not_before = math.max(math.floor(at / 1000) + TOKENS_AHEAD, put_off)
local too_many = redis.call('HLEN', user) > MOST_AT_ONCE
local hash = too_many and {} or redis.call('HGETALL', user)
local found = sessions_among(hash, user, meta, at, tonumber(ARGV[3]), tonumber(ARGV[4]))
revoke(feed, meta, 'u:' .. ARGV[2] .. ':' .. text(not_before) .. ':', at)

local reply = { text(not_before), too_many and 1 or 0 }
for _, one in ipairs(found) do
  if not one.over then reply[#reply + 1] = one.field end
end
mark_subject(user, text(not_before) .. ':')
return reply
