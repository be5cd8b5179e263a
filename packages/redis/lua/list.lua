-- The live sessions of a subject.
-- KEYS  user
-- ARGV  time to judge by, idle, absolute
-- returns {subject, field, state, grant, field, state, grant ...}
local reply = { redis.call('HGET', KEYS[1], '@') or '' }
for _, one in ipairs(live_sessions(KEYS[1], instant(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]))) do
  reply[#reply + 1] = one.field
  reply[#reply + 1] = one.state
  reply[#reply + 1] = redis.call('HGET', KEYS[1], '.' .. one.field) or ''
end
return reply
