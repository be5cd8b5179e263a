-- Drops and revokes the next sessions of a subject that are over by its mark.
-- KEYS  user, feed, meta, and the outbox, if it is told
-- ARGV  header, cursor, tag, idle, absolute
-- returns {next cursor, fields of the ended sessions ...}
local at = begin()
if not at then return too_late() end
local user = KEYS[1]
local cursor, hash, is_all = next_slice(user, ARGV[2], SLICE_TO_END)
local reply, members = { cursor }, {}
for _, one in ipairs(sessions_among(hash, user, KEYS[3], at, tonumber(ARGV[4]), tonumber(ARGV[5]))) do
  if one.over then
    reply[#reply + 1], members[#members + 1] = one.field, 'S' .. ARGV[3] .. one.field
  end
end
revoke_each(KEYS[2], KEYS[3], members, at, false, KEYS[4])
for i = 2, #reply do drop_session(user, reply[i]) end
if is_all then redis.call('HDEL', user, 'x') end
if cursor == '0' then note_finished(KEYS[3], ARGV[3]) end
return reply
