-- Returns the marks of shards.
-- KEYS  meta of each shard
-- returns {the server time, epoch, digest and position of each shard, separated by blanks ('': it has none yet) ...}
local reply = { text(server_time()) }
for _, meta in ipairs(KEYS) do
  local mark = redis.call('HMGET', meta, 'e', 'd', 'p')
  reply[#reply + 1] = mark[1] and mark[1] .. ' ' .. (mark[2] or NO_DIGEST) .. ' ' .. (mark[3] or '0') or ''
end
return reply
