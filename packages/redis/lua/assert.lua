-- Puts back revocations that the store lost, and ends sessions that came back from the dead.
-- KEYS  feed, meta, then the user of each revocation
-- ARGV  epoch, channel, shard, at, then of each revocation: member, own part of its session ('': none),
--       not-before mark of its subject ('': none)
local news = { epoch = ARGV[1], channel = ARGV[2], shard = ARGV[3] }
local at = instant(ARGV[4])
for i = 3, #KEYS do
  local first = 5 + (i - 3) * 3
  revoke(KEYS[1], KEYS[2], news, ARGV[first], at)
  if ARGV[first + 1] ~= '' then drop_session(KEYS[i], ARGV[first + 1]) end
  if ARGV[first + 2] ~= '' then
    redis.call('HSET', KEYS[i], 'n', ARGV[first + 2])
    keep(KEYS[i], RETENTION)
  end
end
return #KEYS - 2
