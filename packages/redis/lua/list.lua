-- The live sessions of a subject.
-- KEYS  user, meta
-- ARGV  time to judge by, idle, absolute
-- returns {subject, field, state, grant, field, state, grant ...}, or nil if there are too many for one step
local user = KEYS[1]
if redis.call('HLEN', user) > MOST_AT_ONCE then return false end
local reply = { redis.call('HGET', user, '@') or '' }
local hash = redis.call('HGETALL', user)
for _, one in ipairs(sessions_among(hash, user, KEYS[2], instant(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]))) do
  if not one.over then
    reply[#reply + 1] = one.field
    reply[#reply + 1] = one.state
    reply[#reply + 1] = redis.call('HGET', user, '.' .. one.field) or ''
  end
end
return reply
