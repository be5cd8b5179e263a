-- Ends sessions and revokes them, except those that were refreshed meanwhile.
-- KEYS  user, feed, meta, and the outbox, if it is told
-- ARGV  header, tag, then field and time of the last refresh of each session
-- returns the fields of the ended sessions
local at = begin()
if not at then return too_late() end
local user = KEYS[1]
local ended, members = {}, {}
for i = 3, #ARGV, 2 do
  local state = redis.call('HGET', user, ARGV[i])
  if state and struct.unpack('>I6', state, 6) == tonumber(ARGV[i + 1]) then
    ended[#ended + 1], members[#members + 1] = ARGV[i], 'S' .. ARGV[2] .. ARGV[i]
  end
end
revoke_each(KEYS[2], KEYS[3], members, at, false, KEYS[4])
for _, field in ipairs(ended) do drop_session(user, field) end
return ended
