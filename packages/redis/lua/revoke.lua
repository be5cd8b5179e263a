-- Puts a revocation that ends no session on the feed.
-- KEYS  feed, meta
-- ARGV  header, member
local at = begin()
if not at then return too_late() end
revoke(KEYS[1], KEYS[2], ARGV[2], at)
return 1
