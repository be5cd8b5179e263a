-- Blocks further attempts, whatever was counted. The window begins never, so that no attempt under way lifts the block.
-- KEYS  counter
-- ARGV  header, how long
local at = begin()
if not at then return too_late() end
local _, _, blocked_until = read_counter(KEYS[1], at)
blocked_until = math.max(blocked_until, at + tonumber(ARGV[2]))
redis.call('SET', KEYS[1], '0 0 ' .. text(blocked_until), 'PX', text(blocked_until - at))
return 1
