-- Ends every session of a subject, or all but one, and revokes all tokens that the subject has so far. If there are too
-- many sessions, they are over from now on by a mark. Then end-next.lua drops and revokes them, and keep.lua does what
-- is left to do for the one.
-- KEYS  user, feed, meta, and the outbox, if it is told
-- ARGV  header, tag, idle, absolute, field of the session to keep ('': none), tag and id of that session in base64url
-- returns {not before, whether there are too many (1), state or '', grant or '', subject or '', fields of the ended
--   sessions ...}
local at = begin()
if not at then return too_late() end
local user, feed, meta = KEYS[1], KEYS[2], KEYS[3]
local tag, kept = ARGV[2], ARGV[5]
local idle, absolute = tonumber(ARGV[3]), tonumber(ARGV[4])

check_marks(user)
local not_before = math.floor(at / 1000)
local survivor = survivor_of(user, meta, kept, at, idle, absolute)
local too_many = redis.call('HLEN', user) > MOST_AT_ONCE
local ended, members = {}, { 'u:' .. ARGV[6] .. ':' .. text(not_before) .. ':' .. ARGV[7] }
if not too_many then
  for _, one in ipairs(sessions_among(redis.call('HGETALL', user), user, meta, at, idle, absolute)) do
    if not survivor or one.field ~= kept then
      ended[#ended + 1], members[#members + 1] = one.field, 'S' .. tag .. one.field
    end
  end
end
local ended_at = made_after(redis.call('HGET', user, 'x'))
-- Everything that may be damaged has been read by now. A server that is out of memory refuses only the first write.
revoke_each(feed, meta, members, at, false, KEYS[4])

local reply = { text(not_before), too_many and 1 or 0, '', '', '' }
if too_many then
  -- A session may have been created by a clock that is ahead.
  local _, latest = sign_ins_of(user)
  redis.call('HSET', user, 'x', text(math.max(at, ended_at, latest)) .. ':' .. (survivor and kept or ''))
  note_unfinished(meta, tag, idle, absolute)
else
  if survivor then reply[3], reply[4], reply[5] = keep_session(user, kept, survivor) end
  for _, field in ipairs(ended) do
    drop_session(user, field)
    reply[#reply + 1] = field
  end
  redis.call('HDEL', user, 'x')
end
mark_subject(user, text(not_before) .. ':' .. ARGV[7])
return reply
