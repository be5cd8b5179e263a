-- Forgets a receiver in some shards. Messages that only waited for it are dropped when the next one is settled.
-- KEYS  outbox of each shard
-- ARGV  receiver
for _, outbox in ipairs(KEYS) do
  if redis.call('EXISTS', outbox) == 1 then redis.call('XGROUP', 'DESTROY', outbox, ARGV[1]) end
end
return 1
