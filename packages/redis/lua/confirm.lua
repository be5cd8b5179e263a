-- Notes that a generation was seen in use.
-- KEYS  user
-- ARGV  own, generation
local packed = redis.call('HGET', KEYS[1], ARGV[1])
if not packed then return 0 end
local s = unpack_session(packed)
if s.confirmed or s.generation ~= tonumber(ARGV[2]) then return 0 end
s.confirmed = true
redis.call('HSET', KEYS[1], ARGV[1], pack_session(s))
return 1
