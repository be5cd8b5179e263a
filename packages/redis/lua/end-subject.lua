-- Ends every session of a subject, or all but one, and revokes what was issued to the subject until now.
-- The session that is kept goes on two generations later, so that none of its earlier tokens converges;
-- one whose tokens travel in bodies, where no new one can be handed out here, keeps its own.
-- KEYS  user, feed, meta
-- ARGV  beginning, tag, idle, absolute, own part of the session to keep ('': none), texts of the tag and of the kept
--       session's id
-- returns {not before, packed or '', lasting or '', subject or '', ended own parts ...}
local at = begin()
if not at then return late() end
local user, feed, meta = KEYS[1], KEYS[2], KEYS[3]
local tag, kept = ARGV[2], ARGV[5]
local idle, absolute = tonumber(ARGV[3]), tonumber(ARGV[4])

local not_before = math.floor(at / 1000)
local live = live_sessions(user, at, idle, absolute)
revoke(feed, meta, 'u:' .. ARGV[6] .. ':' .. text(not_before) .. ':' .. ARGV[7], at)

local reply = { text(not_before), '', '', '' }
for _, one in ipairs(live) do
  if one.own == kept then
    local s = unpack_session(one.packed)
    if not s.body then
      s.generation, s.rotated_at, s.confirmed, s.converged = s.generation + 2, at, false, 0
      redis.call('HSET', user, kept, pack_session(s))
    end
    reply[2] = pack_session(s)
    reply[3] = redis.call('HGET', user, '.' .. kept) or ''
    reply[4] = redis.call('HGET', user, '@') or ''
    keep(user, expires_at(s, idle, absolute) - at)
  else
    revoke(feed, meta, 'S' .. tag .. one.own, at)
    drop_session(user, one.own)
    reply[#reply + 1] = one.own
  end
end
mark_subject(user, text(not_before) .. ':' .. ARGV[7])
return reply
