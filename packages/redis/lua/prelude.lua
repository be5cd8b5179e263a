-- Sent before the text of every script.
--
-- One hash per subject holds everything about it:
--   @           the subject
--   n           <second>:<session>  tokens issued up to this second are refused, except those of the session
--   f           the second of the latest such mark that excepts no session
--   w           the current window in which refreshes are counted, packed (see rotate.lua)
--   p           the number of fields from which on a sign-in looks for expired sessions
--   <field>     the state of a session, packed (see unpack_session); <field> is the random part of its id, 16 bytes
--   .<field>    its grant, as the client wrote it
-- Values stay short so that Redis keeps the hash in its compact encoding.
--
-- On the feed a revoked session is S<tag><field>, in bytes. Other revocations are strings that the client made.

local RETENTION = 1860000
local META_TTL = 6048000000
local CONFIRMED, BODY, OWN_LIFETIMES, KEYED, RETRY_KEY, SENT_KEY, SKIPPED = 1, 2, 4, 8, 16, 32, 64
local RETRY_KEY_BYTES = 6
local FIELD_BYTES = 16
-- As TOKENS_AHEAD_SECONDS of the core.
local TOKENS_AHEAD = 2

local cached_time
local function server_time()
  if not cached_time then
    local time = redis.call('TIME')
    cached_time = time[1] * 1000 + math.floor(time[2] / 1000)
  end
  return cached_time
end

-- The time to judge by, in milliseconds: the caller's if given, or else this server's.
local function instant(given)
  if given ~= '' then return tonumber(given) end
  return server_time()
end

-- Reads the header, which is the first argument of every step that changes something. Its parts are separated by
-- blanks: the server time until which the caller waits ('': unknown), the time to judge by, the shard, an epoch to use
-- if the shard has none yet, and the channel for news.
--
-- Returns the time to judge by, or nil if the caller no longer waits. The script must then do nothing, since its caller
-- has already reported the step as failed.
local function begin()
  local deadline, at = string.match(ARGV[1], '^(%S*) (%S*)')
  if deadline ~= '' and server_time() > tonumber(deadline) then return nil end
  return instant(at)
end

local function too_late()
  return redis.error_reply('LATE the caller no longer waits')
end

local function text(number)
  return string.format('%.0f', number)
end

-- Makes a key live at least so long.
local function keep(key, milliseconds)
  if redis.call('PTTL', key) < milliseconds then
    redis.call('PEXPIRE', key, text(milliseconds))
  end
end

-- flags, generation, rotated at, created at, converged answers, browser version, length of the cells; then the cells
-- themselves, the IP address, how many generations the current one is after its base unless it is one (two bytes), and
-- the key of the attempt that made it, if there was one
local FORMAT = '>BI4I6I6I2I2B'
local CELLS_AT = 23

local function unpack_session(state)
  local flags, generation, rotated_at, created_at, converged, version, size = struct.unpack(FORMAT, state)
  local key_at = #state + 1 - (bit.band(flags, RETRY_KEY) ~= 0 and RETRY_KEY_BYTES or 0)
  local skipped_at = key_at - (bit.band(flags, SKIPPED) ~= 0 and 2 or 0)
  local address_length = skipped_at - CELLS_AT - size
  if address_length ~= 0 and address_length ~= 4 and address_length ~= 16 then
    error('the state of a session is damaged')
  end
  return {
    flags = flags,
    confirmed = bit.band(flags, CONFIRMED) ~= 0,
    body = bit.band(flags, BODY) ~= 0,
    own = bit.band(flags, OWN_LIFETIMES) ~= 0,
    keyed = bit.band(flags, KEYED) ~= 0,
    key = string.sub(state, key_at),
    key_sent = bit.band(flags, SENT_KEY) ~= 0,
    base = generation - (skipped_at < key_at and struct.unpack('>I2', state, skipped_at) or 1),
    generation = generation,
    rotated_at = rotated_at,
    created_at = created_at,
    converged = converged,
    version = version,
    cells = string.sub(state, CELLS_AT, CELLS_AT + size - 1),
    ip = string.sub(state, CELLS_AT + size, skipped_at - 1)
  }
end

-- Flags that this version does not know are kept: during an upgrade, newer processes may have set them.
local function pack_session(session)
  local after = session.generation - session.base
  local flags = bit.band(session.flags, OWN_LIFETIMES + 128) + (session.confirmed and CONFIRMED or 0) +
    (session.body and BODY or 0) + (session.keyed and KEYED or 0) + (session.key ~= '' and RETRY_KEY or 0) +
    (session.key ~= '' and session.key_sent and SENT_KEY or 0) + (after ~= 1 and SKIPPED or 0)
  local head = struct.pack(FORMAT, flags, session.generation, session.rotated_at, session.created_at,
    session.converged, session.version, #session.cells)
  return head .. session.cells .. session.ip .. (after ~= 1 and struct.pack('>I2', after) or '') .. session.key
end

-- The lifetimes that count for a session: its own, which end its grant, where they are shorter.
local function lifetimes_of(session, grant, idle, absolute)
  if not session.own then return idle, absolute end
  local own_idle, own_absolute = string.match(grant, '%z(%d+)%z(%d+)$')
  return math.min(own_idle, idle), math.min(own_absolute, absolute)
end

local function expires_at(session, idle, absolute)
  return math.min(session.rotated_at + idle, session.created_at + absolute)
end

local NO_DIGEST = '0000000000000000'

-- Adds a member to the digest of a set: 64 bits of each member's SHA-1, combined by XOR.
local function fold(digest, member)
  local hash = redis.sha1hex(member)
  local function half(from)
    local before = tonumber(string.sub(digest, from, from + 7), 16)
    return bit.tohex(bit.bxor(before, tonumber(string.sub(hash, from, from + 7), 16)))
  end
  return half(1) .. half(9)
end

-- Puts revocations on the feed, except those that are there already. What all of them have in common is done once.
local function revoke_each(feed, meta, members, at)
  local known = redis.call('HMGET', meta, 'p', 'd')
  local position, digest, added = tonumber(known[1] or 0), known[2] or NO_DIGEST, false
  for _, member in ipairs(members) do
    if not redis.call('ZSCORE', feed, member) then
      position, digest, added = math.max(at, position + 1), fold(digest, member), true
      redis.call('ZADD', feed, text(position), member)
    end
  end
  if not added then return end
  local shard, epoch, channel = string.match(ARGV[1], '^%S* %S* (%d+) (%S+) (.+)$')
  redis.call('HSETNX', meta, 'e', epoch)
  redis.call('HSET', meta, 'p', text(position), 'd', digest)
  redis.call('ZREMRANGEBYSCORE', feed, '-inf', text(at - RETENTION))
  keep(feed, RETENTION)
  keep(meta, META_TTL)
  -- If it cannot be announced, processes find it with their next pull.
  redis.pcall('PUBLISH', channel, shard)
end

local function revoke(feed, meta, member, at)
  revoke_each(feed, meta, { member }, at)
end

local function drop_session(user, field)
  redis.call('HDEL', user, field, '.' .. field)
end

-- The fields and states of all live sessions. Drops those that have expired.
local function live_sessions(user, at, idle, absolute)
  local live = {}
  local hash = redis.call('HGETALL', user)
  for i = 1, #hash, 2 do
    local field, state = hash[i], hash[i + 1]
    if #field == FIELD_BYTES then
      -- No more of it than is needed: a user may have thousands.
      local flags, _, rotated_at, created_at = struct.unpack('>BI4I6I6', state)
      local one = { field = field, state = state, rotated_at = rotated_at, created_at = created_at }
      one.own = bit.band(flags, OWN_LIFETIMES) ~= 0
      local grant = one.own and redis.call('HGET', user, '.' .. field)
      if at >= expires_at(one, lifetimes_of(one, grant, idle, absolute)) then
        drop_session(user, field)
      else
        live[#live + 1] = one
      end
    end
  end
  return live
end

-- Raises an error if the marks of a subject are damaged. Called before the first write, since what a script has written
-- stays.
local function check_marks(user)
  local marks = redis.call('HMGET', user, 'n', 'f')
  if marks[1] and not string.match(marks[1], '^%d+:') or marks[2] and not string.match(marks[2], '^%d+$') then
    error('a mark of a subject is damaged')
  end
end

-- Refuses the tokens that a subject has so far. An earlier mark does not replace a later one.
local function mark_subject(user, mark)
  local full = string.match(mark, '^(%d+):$')
  if full and tonumber(full) >= tonumber(redis.call('HGET', user, 'f') or 0) then
    redis.call('HSET', user, 'f', full)
  end
  local known = redis.call('HGET', user, 'n')
  if not known or tonumber(string.match(known, '^%d+')) <= tonumber(string.match(mark, '^%d+')) then
    redis.call('HSET', user, 'n', mark)
  end
  keep(user, RETENTION)
end

-- The earliest second that a new token may name as its time of issue, so that the mark of its subject does not hit it.
local function issue_from(mark)
  return mark and tonumber(string.match(mark, '^%d+')) + 1 or 0
end
