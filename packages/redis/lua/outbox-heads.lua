-- Returns the id of the latest message of some shards.
-- KEYS  outbox of each shard
-- returns {id ('': nothing is kept, or the outbox is damaged) ...}
local reply = {}
for i, outbox in ipairs(KEYS) do
  local latest = redis.pcall('XREVRANGE', outbox, '+', '-', 'COUNT', 1)
  reply[i] = not latest.err and latest[1] and latest[1][1] or ''
end
return reply
