-- Takes back an attempt, and the block that it set.
-- KEYS  counter
-- ARGV  header, the beginning of its window, the most attempts of a window
local at = begin()
if not at then return too_late() end
local since, count, blocked_until = read_counter(KEYS[1], at)
if count == 0 or text(since) ~= ARGV[2] then return 0 end
count = count - 1
if count < tonumber(ARGV[3]) then blocked_until = 0 end
write_counter(KEYS[1], since, count, blocked_until)
return 1
