local NO_DIGEST = '0000000000000000'

-- Adds members to the digest of a set: 64 bits of each member, combined by XOR. A session's id is random by itself; of
-- all other members it is the SHA-1.
local function fold(digest, members)
  local left, right = tonumber(string.sub(digest, 1, 8), 16), tonumber(string.sub(digest, 9, 16), 16)
  for _, member in ipairs(members) do
    local high, low
    if string.byte(member) == SESSION_MARK then
      high, low = struct.unpack('>I4I4', member, 2 + TAG_BYTES)
    else
      local hash = redis.sha1hex(member)
      high, low = tonumber(string.sub(hash, 1, 8), 16), tonumber(string.sub(hash, 9, 16), 16)
    end
    left, right = bit.bxor(left, high), bit.bxor(right, low)
  end
  return bit.tohex(left) .. bit.tohex(right)
end

-- The epoch of a shard, by which readers notice that everything was lost; and the time at which it began.
local function epoch_of(meta, known, fresh)
  if known then return known end
  redis.call('HSET', meta, 'e', fresh, 't', text(server_time()))
  return fresh
end

-- What is published: the shard, the mark and the position after a step, and what it revoked, each with its length.
local function announcement(shard, epoch, digest, position, members)
  local parts = { 'R', struct.pack('>BB', shard, #epoch), epoch, digest, struct.pack('>I6', position) }
  for _, member in ipairs(members) do
    parts[#parts + 1] = struct.pack('>I2', #member)
    parts[#parts + 1] = member
  end
  return table.concat(parts)
end

-- A message goes to every process at once, so it must stay short.
local MAX_ANNOUNCED = 64
-- Lua passes no more than some thousands of arguments.
local MAX_UNPACKED = 500

-- Those of the members that are not on the feed, each once.
local function missing_from(feed, members)
  local missing, seen = {}, {}
  for first = 1, #members, MAX_UNPACKED do
    local last = math.min(first + MAX_UNPACKED - 1, #members)
    local scores = redis.call('ZMSCORE', feed, unpack(members, first, last))
    for i = first, last do
      local member = members[i]
      if not scores[i - first + 1] and not seen[member] then
        missing[#missing + 1], seen[member] = member, true
      end
    end
  end
  return missing
end

-- Puts revocations on the feed, except those that are there already. What all of them have in common is done once.
-- What is put back is not announced one by one, since most processes know it. The outbox, if it is given, is told of the
-- sessions among them.
local function revoke_each(feed, meta, members, at, are_put_back, outbox)
  local added = missing_from(feed, members)
  if #added == 0 then return end
  local known = redis.call('HMGET', meta, 'p', 'd', 'e')
  -- The first write, since it may be refused: what cannot be told must not have happened.
  if outbox then tell_ended(outbox, added, at) end
  local position, digest = tonumber(known[1] or 0), fold(known[2] or NO_DIGEST, added)
  for first = 1, #added, MAX_UNPACKED do
    local scored = {}
    for i = first, math.min(first + MAX_UNPACKED - 1, #added) do
      position = math.max(at, position + 1)
      scored[#scored + 1] = position
      scored[#scored + 1] = added[i]
    end
    redis.call('ZADD', feed, unpack(scored))
  end
  local shard, fresh, channel = string.match(ARGV[1], '^%S* %S* (%d+) (%S+) (.+)$')
  local epoch = epoch_of(meta, known[3], fresh)
  redis.call('HSET', meta, 'p', text(position), 'd', digest)
  redis.call('ZREMRANGEBYSCORE', feed, '-inf', text(at - RETENTION))
  keep(feed, RETENTION)
  keep(meta, META_TTL)
  -- Of too many the first are told, of which one may concern all. The rest is pulled, since the digest does not fit.
  local told = {}
  for i = 1, are_put_back and 0 or math.min(#added, MAX_ANNOUNCED) do told[i] = added[i] end
  -- If it cannot be announced, processes find it at their next heartbeat.
  redis.pcall('PUBLISH', channel, announcement(shard, epoch, digest, position, told))
end

local function revoke(feed, meta, member, at, outbox)
  revoke_each(feed, meta, { member }, at, false, outbox)
end
