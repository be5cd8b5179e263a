-- Puts entries in the place of all that the ring holds.
-- KEYS  ring (kid -> sealed key, or '!' and the instant at which it was compromised; and @ -> version)
-- ARGV  version that the ring must have, the channel for news, the news, then kid and entry in turn
-- returns {swapped (1), ring as HGETALL gives it ...}
local ring = KEYS[1]
local version = redis.call('HGET', ring, '@') or '0'
local fits = ARGV[1] == version
if fits then
  local stays = { ['@'] = true }
  -- Writing comes first: a server without memory refuses a script by its first command.
  redis.call('HSET', ring, '@', text(tonumber(version) + 1))
  for i = 4, #ARGV, 2 do
    redis.call('HSET', ring, ARGV[i], ARGV[i + 1])
    stays[ARGV[i]] = true
  end
  for _, kid in ipairs(redis.call('HKEYS', ring)) do
    if not stays[kid] then redis.call('HDEL', ring, kid) end
  end
  redis.call('PEXPIRE', ring, 5 * META_TTL)
  -- Who misses it reads the ring again in a while.
  redis.pcall('PUBLISH', ARGV[2], ARGV[3])
end
return { fits and 1 or 0, unpack(redis.call('HGETALL', ring)) }
