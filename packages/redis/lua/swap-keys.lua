-- Replaces all entries of the ring of signing keys, if nobody else has changed it.
-- KEYS  ring (kid -> sealed key, or '!' and the time at which it was compromised; and @ -> version)
-- ARGV  version that the ring must have, the channel for news, the message to publish there, then kid and entry in turn
-- returns {whether it was replaced (1), names and values of the ring in turn ...}
local ring = KEYS[1]
local version = redis.call('HGET', ring, '@') or '0'
local fits = ARGV[1] == version
if fits then
  local stays = { ['@'] = true }
  -- A compromised key must never come back, so its mark never expires.
  local has_mark = false
  -- HSET comes before HDEL: a server that is out of memory refuses it only as the first write of a script.
  redis.call('HSET', ring, '@', text(tonumber(version) + 1))
  for i = 4, #ARGV, 2 do
    redis.call('HSET', ring, ARGV[i], ARGV[i + 1])
    stays[ARGV[i]] = true
    has_mark = has_mark or string.sub(ARGV[i + 1], 1, 1) == '!'
  end
  for _, kid in ipairs(redis.call('HKEYS', ring)) do
    if not stays[kid] then redis.call('HDEL', ring, kid) end
  end
  if has_mark then
    redis.call('PERSIST', ring)
  else
    redis.call('PEXPIRE', ring, 5 * META_TTL)
  end
  -- Processes that miss this read the ring again within a while.
  redis.pcall('PUBLISH', ARGV[2], ARGV[3])
end
local reply = redis.call('HGETALL', ring)
table.insert(reply, 1, fits and 1 or 0)
return reply
