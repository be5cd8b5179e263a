-- Claims the task of putting back what a shard lost.
-- KEYS  lease
-- ARGV  who claims it, for how many milliseconds
-- returns 1, or 0 if somebody else has it
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
