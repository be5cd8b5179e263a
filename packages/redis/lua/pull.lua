-- Returns what was revoked after a position.
-- KEYS  feed, meta
-- ARGV  epoch (used if the shard has none yet), position, most members to return
-- returns {epoch, digest, position that was read up to, whether there is more (1), the server time, members ...}
local feed, meta = KEYS[1], KEYS[2]
redis.call('HSETNX', meta, 'e', ARGV[1])
if redis.call('PTTL', meta) < META_TTL / 2 then redis.call('PEXPIRE', meta, META_TTL) end

local mark = redis.call('HMGET', meta, 'e', 'd', 'p')
local latest = mark[3] or '0'
local most = tonumber(ARGV[3])
local found = redis.call('ZRANGEBYSCORE', feed, '(' .. ARGV[2], '+inf', 'WITHSCORES', 'LIMIT', 0, most)
local more = #found == 2 * most
local reply = { mark[1], mark[2] or NO_DIGEST, more and found[#found] or latest, more and 1 or 0, text(server_time()) }
for i = 1, #found, 2 do
  reply[#reply + 1] = found[i]
end
return reply
