-- Revokes all tokens that a subject has so far, and keeps its sessions.
-- KEYS  user, feed, meta
-- ARGV  header, tag in base64url, idle, absolute, and the scope that all sessions get, if it is to change
-- returns {not before, fields of the live sessions ...}
local at = begin()
if not at then return too_late() end
local user, feed, meta = KEYS[1], KEYS[2], KEYS[3]
local scope = ARGV[5]

check_marks(user)
-- The sessions live on, so no token may slip through: one that was issued by a clock that is ahead, one that is on its
-- way, or one that an earlier mark put off until the second after it.
local not_before = math.max(math.floor(at / 1000) + TOKENS_AHEAD, issue_from(redis.call('HGET', user, 'n')))
local live = live_sessions(user, at, tonumber(ARGV[3]), tonumber(ARGV[4]))
revoke(feed, meta, 'u:' .. ARGV[2] .. ':' .. text(not_before) .. ':', at)

local reply = { text(not_before) }
for _, one in ipairs(live) do
  reply[#reply + 1] = one.field
  local grant = scope and redis.call('HGET', user, '.' .. one.field)
  local client, rest = string.match(grant or '', '^([^%z]*)%z[^%z]*(.*)$')
  -- A damaged grant stays as it is: whoever reads it counts it as unavailable.
  if client then
    redis.call('HSET', user, '.' .. one.field, client .. '\0' .. scope .. rest)
  end
end
mark_subject(user, text(not_before) .. ':')
return reply
