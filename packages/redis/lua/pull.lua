-- Returns what was revoked after a position.
-- KEYS  feed, meta, lease
-- ARGV  epoch (used if the shard has none yet), position, most members to return
-- returns {epoch, digest, position that was read up to, whether there is more (1), the server time, how long ago the
--   epoch began in milliseconds, whether somebody is putting back what was lost (1), until when everything has
--   ended (''), the members}
local feed, meta, lease = KEYS[1], KEYS[2], KEYS[3]
local mark = redis.call('HMGET', meta, 'e', 'd', 'p', 't', 'a')
local epoch = epoch_of(meta, mark[1], ARGV[1])
if redis.call('PTTL', meta) < META_TTL / 2 then redis.call('PEXPIRE', meta, META_TTL) end

local began = mark[1] and (tonumber(mark[4] or 0) or 0) or server_time()
local latest = mark[3] or '0'
local most = tonumber(ARGV[3])
local found = redis.call('ZRANGEBYSCORE', feed, '(' .. ARGV[2], '+inf', 'LIMIT', 0, most)
local more = #found == most
return {
  epoch, mark[2] or NO_DIGEST, more and redis.call('ZSCORE', feed, found[#found]) or latest, more and 1 or 0,
  text(server_time()), text(math.max(0, server_time() - began)), redis.call('PTTL', lease) > 0 and 1 or 0, mark[5] or '',
  found
}
