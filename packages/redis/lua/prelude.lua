-- Shared by all scripts, which are sent with this text before their own.
--
-- One hash per subject holds all that belongs to it:
--   @           the subject
--   n           <second>:<session>  earlier tokens of the subject are refused, but for that session's
--   w           <end>:<count>       the running window of refreshes
--   p           how many fields there must be before expired sessions are looked for again
--   <own>       a session's moving part, packed (see unpack_session); <own> is the session's own 16 bytes
--   .<own>      its lasting part, as the client wrote it
-- Values stay short, so that the hash keeps Redis's compact form.
--
-- A revoked session stands on the feed as S<tag><own>, in bytes; other revocations as texts of the client's.

local RETENTION = 1860000
local META_TTL = 6048000000
local CONFIRMED, BODY = 1, 2
local OWN_BYTES = 16

local read_time
local function server_time()
  if not read_time then
    local time = redis.call('TIME')
    read_time = time[1] * 1000 + math.floor(time[2] / 1000)
  end
  return read_time
end

-- The instant to judge by, in milliseconds: the caller's, or else this server's.
local function instant(given)
  if given ~= '' then return tonumber(given) end
  return server_time()
end

-- Every step that changes something is given, first of all, one text: the instant of this server until which its
-- caller waits ('': not known), the instant to judge by, the shard, a fresh epoch in case there is none, and the
-- channel for news. Gives the instant; nothing when it is too late: a step that its caller has given up must not be
-- taken, since it would happen after it was said to have failed.
local function begin()
  local deadline, at = string.match(ARGV[1], '^(%S*) (%S*)')
  if deadline ~= '' and server_time() > tonumber(deadline) then return nil end
  return instant(at)
end

local function late()
  return redis.error_reply('LATE the caller no longer waits')
end

local function text(number)
  return string.format('%.0f', number)
end

local function keep(key, milliseconds)
  if redis.call('PTTL', key) < milliseconds then
    redis.call('PEXPIRE', key, text(milliseconds))
  end
end

-- flags, generation, rotated at, created at, converged, browser version, cells, address
local FORMAT = '>BI4I6I6I2I2B'
local CELLS_AT = 23

local function unpack_session(packed)
  local flags, generation, rotated_at, created_at, converged, version, size = struct.unpack(FORMAT, packed)
  return {
    confirmed = flags % 2 == CONFIRMED,
    body = flags >= BODY,
    generation = generation,
    rotated_at = rotated_at,
    created_at = created_at,
    converged = converged,
    version = version,
    cells = string.sub(packed, CELLS_AT, CELLS_AT + size - 1),
    ip = string.sub(packed, CELLS_AT + size)
  }
end

local function pack_session(s)
  local flags = (s.confirmed and CONFIRMED or 0) + (s.body and BODY or 0)
  return struct.pack(FORMAT, flags, s.generation, s.rotated_at, s.created_at, s.converged, s.version, #s.cells)
    .. s.cells .. s.ip
end

local function expires_at(s, idle, absolute)
  return math.min(s.rotated_at + idle, s.created_at + absolute)
end

local NO_DIGEST = '0000000000000000'

-- The digest of a set and one member more: 64 bits of each member's SHA-1, combined by XOR.
local function fold(digest, member)
  local hash = redis.sha1hex(member)
  local function half(from)
    return bit.tohex(bit.bxor(tonumber(string.sub(digest, from, from + 7), 16), tonumber(string.sub(hash, from, from + 7), 16)))
  end
  return half(1) .. half(9)
end

-- Puts a revocation on the feed, once.
local function revoke(feed, meta, member, at)
  if redis.call('ZSCORE', feed, member) then return end
  local shard, epoch, channel = string.match(ARGV[1], '^%S* %S* (%d+) (%S+) (.+)$')
  local position = math.max(at, tonumber(redis.call('HGET', meta, 'p') or 0) + 1)
  redis.call('ZADD', feed, text(position), member)
  redis.call('HSETNX', meta, 'e', epoch)
  redis.call('HSET', meta, 'p', text(position), 'd', fold(redis.call('HGET', meta, 'd') or NO_DIGEST, member))
  redis.call('ZREMRANGEBYSCORE', feed, '-inf', text(at - RETENTION))
  keep(feed, RETENTION)
  keep(meta, META_TTL)
  -- An announcement that can't be made is made up for by the next pull.
  redis.pcall('PUBLISH', channel, shard)
end

local function drop_session(user, own)
  redis.call('HDEL', user, own, '.' .. own)
end

-- Own parts and moving parts of all live sessions; those that expired are dropped.
local function live_sessions(user, at, idle, absolute)
  local live = {}
  local fields = redis.call('HGETALL', user)
  for i = 1, #fields, 2 do
    if #fields[i] == OWN_BYTES then
      local s = unpack_session(fields[i + 1])
      if at >= expires_at(s, idle, absolute) then
        drop_session(user, fields[i])
      else
        live[#live + 1] = { own = fields[i], packed = fields[i + 1], rotated_at = s.rotated_at }
      end
    end
  end
  return live
end

-- Refuses earlier tokens of a subject; the latest such mark counts.
local function mark_subject(user, mark)
  local known = redis.call('HGET', user, 'n')
  if not known or tonumber(string.match(known, '^%d+')) <= tonumber(string.match(mark, '^%d+')) then
    redis.call('HSET', user, 'n', mark)
  end
  keep(user, RETENTION)
end

-- The first second in which tokens may be said to be issued, by the subject's mark.
local function issue_from(mark)
  return mark and tonumber(string.match(mark, '^%d+')) + 1 or 0
end
