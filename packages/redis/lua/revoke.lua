-- Puts a revocation that ends no session on the feed.
-- KEYS  feed, meta
-- ARGV  epoch, channel, shard, at, member
revoke(KEYS[1], KEYS[2], { epoch = ARGV[1], channel = ARGV[2], shard = ARGV[3] }, ARGV[5], instant(ARGV[4]))
return 1
