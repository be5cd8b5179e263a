-- Ends every session of a subject, or all but one, and revokes all tokens that the subject has so far.
-- A session that is kept goes on two generations later, so that none of its earlier refresh tokens converges. If its
-- refresh tokens travel in bodies it keeps its generation, since the client cannot be given a new token here.
-- KEYS  user, feed, meta
-- ARGV  header, tag, idle, absolute, field of the session to keep ('': none), tag and id of that session in base64url
-- returns {not before, state or '', grant or '', subject or '', fields of the ended sessions ...}
local at = begin()
if not at then return too_late() end
local user, feed, meta = KEYS[1], KEYS[2], KEYS[3]
local tag, kept = ARGV[2], ARGV[5]
local idle, absolute = tonumber(ARGV[3]), tonumber(ARGV[4])

check_marks(user)
local not_before = math.floor(at / 1000)
local live = live_sessions(user, at, idle, absolute)
local survivor
local members = { 'u:' .. ARGV[6] .. ':' .. text(not_before) .. ':' .. ARGV[7] }
for _, one in ipairs(live) do
  if one.field == kept then
    survivor = unpack_session(one.state)
  else
    members[#members + 1] = 'S' .. tag .. one.field
  end
end
-- Everything that may be damaged has been read by now. A server that is out of memory refuses only the first write.
revoke_each(feed, meta, members, at)

local reply = { text(not_before), '', '', '' }
for _, one in ipairs(live) do
  if one.field == kept then
    local session = survivor
    if not session.body then
      session.generation = session.generation + 2
      session.base, session.key = session.generation - 1, ''
      session.rotated_at, session.confirmed, session.converged = at, false, 0
      redis.call('HSET', user, kept, pack_session(session))
    end
    reply[2] = pack_session(session)
    reply[3] = redis.call('HGET', user, '.' .. kept) or ''
    reply[4] = redis.call('HGET', user, '@') or ''
    keep(user, expires_at(session, lifetimes_of(session, reply[3], idle, absolute)) - at)
  else
    drop_session(user, one.field)
    reply[#reply + 1] = one.field
  end
end
mark_subject(user, text(not_before) .. ':' .. ARGV[7])
return reply
