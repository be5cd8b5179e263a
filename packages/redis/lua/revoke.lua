-- Puts a revocation that ends no session on the feed.
-- KEYS  feed, meta
-- ARGV  epoch, channel, shard, deadline, at, member
if is_late() then return LATE end
revoke(KEYS[1], KEYS[2], news, ARGV[6], instant(ARGV[5]))
return 1
