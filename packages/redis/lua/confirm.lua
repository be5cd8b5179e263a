-- Records that generations of refresh tokens were seen in use.
-- KEYS  the user of each session
-- ARGV  field and generation of each session
-- returns how many were recorded
local noted = 0
for i, user in ipairs(KEYS) do
  local field, generation = ARGV[2 * i - 1], tonumber(ARGV[2 * i])
  local state = redis.call('HGET', user, field)
  if state then
    local session = unpack_session(state)
    if not session.confirmed and session.generation == generation then
      session.confirmed = true
      redis.call('HSET', user, field, pack_session(session))
      noted = noted + 1
    end
  end
end
return noted
