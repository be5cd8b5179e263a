-- Adds sealed keys that are not there yet.
-- KEYS  ring (kid -> sealed key, and @ -> version)
-- ARGV  version that the ring must have ('': any), then kid and sealed key in turn
-- returns {added (1), ring as HGETALL gives it ...}
local ring = KEYS[1]
local version = redis.call('HGET', ring, '@') or '0'
local fits = ARGV[1] == '' or ARGV[1] == version
if fits then
  local added = 0
  for i = 2, #ARGV, 2 do
    added = added + redis.call('HSETNX', ring, ARGV[i], ARGV[i + 1])
  end
  if added > 0 then redis.call('HINCRBY', ring, '@', 1) end
  redis.call('PEXPIRE', ring, 5 * META_TTL)
end
return { fits and 1 or 0, unpack(redis.call('HGETALL', ring)) }
