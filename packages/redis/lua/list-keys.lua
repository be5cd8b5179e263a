-- The API keys of a subject that are not over.
-- KEYS  API keys, meta
-- ARGV  time to judge by
-- returns {field, record, when it was last used ('': not known), field, record, last use ...}
local keys, reply = KEYS[1], {}
for _, field in ipairs((fields_of_keys(keys, instant(ARGV[1]), everything_until(KEYS[2])))) do
  local found = redis.call('HMGET', keys, field, '.' .. field)
  reply[#reply + 1] = field
  reply[#reply + 1] = found[1]
  reply[#reply + 1] = found[2] or ''
end
return reply
