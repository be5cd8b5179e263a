-- Ends every session of a shard and revokes every token, at the same cost however many there are.
-- KEYS  feed, meta
-- ARGV  header, the earliest instant to take, in milliseconds, and whether to take just that (1)
-- returns the instant: what was made until then is over
local at = begin()
if not at then return too_late() end
local least = tonumber(ARGV[2])
local instant = text(ARGV[3] == '1' and least or math.max(at, least))
revoke(KEYS[1], KEYS[2], 'a:' .. instant, at)
end_until(KEYS[2], tonumber(instant))
return instant
