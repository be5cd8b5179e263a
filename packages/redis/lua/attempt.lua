-- Counts an attempt, unless further ones are blocked.
-- KEYS  counter
-- ARGV  header, the most attempts of a window, its length, how long the last one blocks
-- returns {0, milliseconds until the block ends} or {1, the beginning of the window, whether this is the last (1)}
local at = begin()
if not at then return too_late() end
local counter, most, window, block = KEYS[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local since, count, blocked_until = read_counter(counter, at)
if blocked_until > at then return { 0, blocked_until - at } end
if blocked_until > 0 or since + window <= at then since, count = at, 0 end
count = count + 1
local last = count >= most
blocked_until = last and at + block or 0
write_counter(counter, since, count, blocked_until)
redis.call('PEXPIRE', counter, text(math.max(since + window, blocked_until) - at))
return { 1, text(since), last and 1 or 0 }
