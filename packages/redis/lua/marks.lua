-- Returns the marks of shards.
-- KEYS  meta of each shard
-- returns {the server time, tag and lifetimes of an ending that broke off, if there is one, epoch and digest of each shard,
--   separated by a blank ('': it has none yet, or is damaged) ...}
local reply = { text(server_time()), {} }
for _, meta in ipairs(KEYS) do
  local mark = redis.pcall('HMGET', meta, 'e', 'd', 'y')
  reply[#reply + 1] = mark[1] and mark[1] .. ' ' .. (mark[2] or NO_DIGEST) or ''
  if mark[3] and #reply[2] == 0 then
    -- A server that can't note it keeps nobody from the marks.
    local is_noted, unfinished = pcall(next_unfinished, meta, mark[3])
    if is_noted then reply[2] = unfinished end
  end
end
return reply
