-- Notes that generations were seen in use.
-- KEYS  user of each
-- ARGV  own, generation of each
local noted = 0
for i, user in ipairs(KEYS) do
  local own, generation = ARGV[2 * i - 1], tonumber(ARGV[2 * i])
  local packed = redis.call('HGET', user, own)
  if packed then
    local s = unpack_session(packed)
    if not s.confirmed and s.generation == generation then
      s.confirmed = true
      redis.call('HSET', user, own, pack_session(s))
      noted = noted + 1
    end
  end
end
return noted
