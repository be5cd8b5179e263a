-- The live sessions of a subject.
-- KEYS  user
-- ARGV  at, idle, absolute
-- returns {subject, own, packed, lasting, own, packed, lasting ...}
local reply = { redis.call('HGET', KEYS[1], '@') or '' }
for _, one in ipairs(live_sessions(KEYS[1], instant(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]))) do
  reply[#reply + 1] = one.own
  reply[#reply + 1] = one.packed
  reply[#reply + 1] = redis.call('HGET', KEYS[1], '.' .. one.own) or ''
end
return reply
