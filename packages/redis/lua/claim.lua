-- Claims the task of putting back what a shard lost.
-- KEYS  lease
-- ARGV  who claims it, for how many milliseconds
-- returns 1, or 0 if somebody else has it
local holder, left = redis.pcall('GET', KEYS[1]), redis.call('PTTL', KEYS[1])
-- One that does not end soon was not claimed here, or is damaged.
local is_claimed = type(holder) == 'string' and left > 0 and left <= tonumber(ARGV[2])
if is_claimed and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
