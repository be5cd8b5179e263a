-- Returns the marks of shards.
-- KEYS  meta of each shard
-- returns {the server time, epoch and digest of each shard, separated by a blank ('': it has none yet, or is damaged)
--   ...}
local reply = { text(server_time()) }
for _, meta in ipairs(KEYS) do
  local mark = redis.pcall('HMGET', meta, 'e', 'd')
  reply[#reply + 1] = mark[1] and mark[1] .. ' ' .. (mark[2] or NO_DIGEST) or ''
end
return reply
