-- Sent before the text of every script.
--
-- One hash per subject holds everything about it:
--   @           the subject
--   n           <second>:<session>  tokens issued up to this second are refused, except those of the session
--   f           the second of the latest such mark that excepts no session
--   w           the current window in which refreshes are counted, packed (see rotate.lua)
--   x           <millisecond>:<field>  sessions created up to this millisecond are over, except the one of that field. Only
--               of users who had too many sessions to end in one step
--   p           <cursor> <millisecond>  from where on the next sign-in looks for expired sessions, and when the latest
--               session was created. Only of users with many sessions
--   <field>     the state of a session, packed (see unpack_session); <field> is the random part of its id, 16 bytes
--   .<field>    its grant, as the client wrote it: a MAC of 8 bytes, then the client, a zero byte, and more
-- Values stay short so that Redis keeps the hash in its compact encoding.
--
-- One hash per shard, its meta:
--   e, t        a random epoch, and when it began
--   p, d        the latest position on the feed, and the digest of all that was ever on it
--   a           sessions that were made until this millisecond have ended, all of them
--
-- On the feed a revoked session is S<tag><field>, in bytes. Other revocations are strings that the client made.

local RETENTION = 1860000
local META_TTL = 6048000000
local CONFIRMED, BODY, OWN_LIFETIMES, KEYED, RETRY_KEY, SENT_KEY, SKIPPED = 1, 2, 4, 8, 16, 32, 64
local RETRY_KEY_BYTES = 6
local TAG_BYTES = 12
local FIELD_BYTES = 16
local MAC_BYTES = 8
local SESSION_MARK = string.byte('S')
-- A step goes through all fields of a user if there are no more than this. Through more it goes in slices, one a script,
-- since Redis does nothing else meanwhile. To revoke a session takes longest.
local MOST_AT_ONCE = 400
local SLICE, SLICE_TO_END = 300, 120
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

-- The lifetimes that count for a session: its own, which end its grant, where they are shorter. A damaged grant keeps no
-- other session from being read: whoever reads this one counts it as unavailable.
local function lifetimes_of(session, grant, idle, absolute)
  local own_idle, own_absolute = string.match(session.own and grant or '', '%z(%d+)%z(%d+)$')
  if not own_idle then return idle, absolute end
  return math.min(own_idle, idle), math.min(own_absolute, absolute)
end

local function expires_at(session, idle, absolute)
  return math.min(session.rotated_at + idle, session.created_at + absolute)
end

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
-- What is put back is not announced one by one, since most processes know it.
local function revoke_each(feed, meta, members, at, are_put_back)
  local added = missing_from(feed, members)
  if #added == 0 then return end
  local known = redis.call('HMGET', meta, 'p', 'd', 'e')
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

local function revoke(feed, meta, member, at)
  revoke_each(feed, meta, { member }, at)
end

-- Ends everything that was made until an instant. An earlier one does not replace a later one.
local function end_until(meta, milliseconds)
  local known = tonumber(redis.call('HGET', meta, 'a') or 0) or 0
  redis.call('HSET', meta, 'a', text(math.max(known, milliseconds)))
end

local function drop_session(user, field)
  redis.call('HDEL', user, field, '.' .. field)
end

-- Until when the sessions of a subject were ended at once, and the field of the one that was not. Those created up to
-- then are over, whether they have been dropped yet or not. Raises an error if the mark is damaged.
local function made_after(mark)
  if not mark then return -1, '' end
  local ended_at, kept = string.match(mark, '^(%d+):(.*)$')
  if not ended_at or #ended_at > 15 or kept ~= '' and #kept ~= FIELD_BYTES then
    error('a mark of a subject is damaged')
  end
  return tonumber(ended_at), kept
end

-- Whether a session is over by such a mark. A damaged one is not: that is for the steps that read all of it.
local function is_over(state, field, ended_at, kept)
  return ended_at >= 0 and field ~= kept and #state >= CELLS_AT - 1 and struct.unpack('>I6', state, 12) <= ended_at
end

-- Until when everything in the shard has ended, or -1. Nobody has to tell of a session that ended so. Raises an error if
-- the mark is damaged.
local function everything_until(meta)
  local milliseconds = redis.call('HGET', meta, 'a')
  if not milliseconds then return -1 end
  if not string.match(milliseconds, '^%d+$') or #milliseconds > 15 then error('a mark of a shard is damaged') end
  return tonumber(milliseconds)
end

-- The sessions among some fields and values of a user, including those that are over by its mark: they are still to be
-- revoked. Drops those that have expired, or ended with everything else.
local function sessions_among(hash, user, meta, at, idle, absolute)
  local ended_at, kept = made_after(redis.call('HGET', user, 'x'))
  local gone_until = everything_until(meta)
  local unpack, band, found, count = struct.unpack, bit.band, {}, 0
  for i = 1, #hash, 2 do
    local field, state = hash[i], hash[i + 1]
    if #field == FIELD_BYTES then
      -- No more of it than is needed: a user may have thousands.
      local flags, _, rotated_at, created_at = unpack('>BI4I6I6', state)
      local one = { field = field, state = state, rotated_at = rotated_at, created_at = created_at,
        own = band(flags, OWN_LIFETIMES) ~= 0, over = created_at <= ended_at and field ~= kept }
      local its_idle, its_absolute = idle, absolute
      if one.own then
        its_idle, its_absolute = lifetimes_of(one, redis.call('HGET', user, '.' .. field), idle, absolute)
      end
      if created_at <= gone_until or at >= rotated_at + its_idle or at >= created_at + its_absolute then
        drop_session(user, field)
      else
        count = count + 1
        found[count] = one
      end
    end
  end
  return found
end

-- The session that lives on when all others of its subject end, as it then is, or nil if there is no such session.
--
-- It goes on two generations later, so that none of its earlier refresh tokens converges. If its refresh tokens travel in
-- bodies it keeps its generation, since the client cannot be given a new token here.
local function survivor_of(user, meta, field, at, idle, absolute)
  local found = redis.call('HMGET', user, 'x', field, '.' .. field, '@')
  local state, grant = found[2], found[3] or ''
  if not state or is_over(state, field, made_after(found[1])) then return nil end
  local session = unpack_session(state)
  idle, absolute = lifetimes_of(session, grant, idle, absolute)
  if session.created_at <= everything_until(meta) or at >= expires_at(session, idle, absolute) then return nil end
  if not session.body then
    session.generation = session.generation + 2
    session.base, session.key = session.generation - 1, ''
    session.rotated_at, session.confirmed, session.converged = at, false, 0
  end
  return { state = pack_session(session), grant = grant, subject = found[4] or '',
    left = expires_at(session, idle, absolute) - at }
end

-- Gives its state, its grant and the subject.
local function keep_session(user, field, survivor)
  redis.call('HSET', user, field, survivor.state)
  keep(user, survivor.left)
  return survivor.state, survivor.grant, survivor.subject
end

-- The cursor after the next fields and values of a user, these, and whether they are all that there are. The cursor is
-- '0' before the first and after the last.
local function next_slice(user, cursor, size)
  if redis.call('HLEN', user) <= MOST_AT_ONCE then return '0', redis.call('HGETALL', user), true end
  local slice = redis.call('HSCAN', user, cursor, 'COUNT', size)
  return slice[1], slice[2], false
end

-- Where the next sign-in looks for expired sessions, and when the latest session was created, as far as that is known.
local function sign_ins_of(user)
  local cursor, latest = string.match(redis.call('HGET', user, 'p') or '', '^(%d+) (%d+)$')
  if not cursor or #latest > 15 then return '0', 0 end
  return cursor, tonumber(latest)
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

-- The earliest second that a new token may name as its time of issue, so that neither the mark of its subject nor the end
-- of everything hits it.
local function issue_from(mark, gone_until)
  local after_mark = mark and tonumber(string.match(mark, '^%d+')) + 1 or 0
  local after_all = gone_until >= 0 and math.floor(gone_until / 1000) + TOKENS_AHEAD + 1 or 0
  return math.max(after_mark, after_all)
end
