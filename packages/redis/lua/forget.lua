-- Forgets all attempts, and lifts the block.
-- KEYS  counter
-- ARGV  header, the beginning of the only window that is to be forgotten (empty: whatever there is)
-- returns whether there was a block (1)
local at = begin()
if not at then return too_late() end
-- Whatever is there: this is also how a damaged counter is repaired.
local value = redis.pcall('GET', KEYS[1])
if ARGV[2] ~= '' and (type(value) ~= 'string' or string.match(value, '^%d+') ~= ARGV[2]) then return 0 end
redis.call('DEL', KEYS[1])
local blocked_until = type(value) == 'string' and tonumber(string.match(value, ' (%d+)$'))
return blocked_until and blocked_until > at and 1 or 0
