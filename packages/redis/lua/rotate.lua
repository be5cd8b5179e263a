-- Judges a presented refresh token and acts on the verdict. Mirrors judgeRotation of the core.
-- KEYS  user, feed, meta
-- ARGV  header; the step: STEP, the address, then browser version and cells under each secret in force; and, if it is
--       to be checked, the client. There are few arguments, since each costs the caller some time.
-- returns one string instead of an array, whose elements would cost the caller time too. It begins with a letter:
--   R rotated, C converged, B contested, U reused, M mismatched, F another client or transport: followed by issue_from,
--     drift, whether the store had lost writes (1), the lengths of the state, of the subject and of the address that
--     contested tokens had gone to, and that address, the state, the subject and the grant
--   L over a limit: followed by the milliseconds to wait
--   E expired, X unknown
local at = begin()
if not at then return too_late() end
local user, feed, meta = KEYS[1], KEYS[2], KEYS[3]
-- tag, field, generation, whether refresh tokens travel in bodies, enforced drift, grace, idle, absolute, until when
-- the caller knows that everything has ended and that tokens are refused, refresh limit and its window, converged limit,
-- key of the attempt, who made that (0: there is none, 1: the client, 2: the process), length of the address
local STEP = '>c12c16I4BI2I6I6I6I6I6I4I6I4c6BB'
local step, client = ARGV[2], ARGV[3]
local tag, field, generation, in_body, enforced, grace, idle, absolute, known_end, known_mark, refreshes, window,
  converged_limit, key, key_by, address_length, next_at = struct.unpack(STEP, step)
local address = string.sub(step, next_at, next_at + address_length - 1)
local key_sent = key_by == 1
if key_by == 0 then key = '' end
local VERSION_FELL = 32768
-- As MAX_SKIPPED of the core.
local MAX_SKIPPED = 65535
-- The end of the window in which refreshes are counted, in seconds, and their count.
local WINDOW, WINDOW_BYTES = '>I4I3', 7

local found = redis.call('HMGET', user, field, '.' .. field, '@', 'w', 'n', 'x', 'l')
local state, grant, subject = found[1], found[2], found[3]
if not state or not grant or not subject then return 'X' end
-- Whoever ended it drops it, and tells of it.
if is_over(state, field, made_after(found[6])) then return 'X' end
local session = unpack_session(state)
local gone_until = everything_until(meta, known_end)
if session.created_at <= gone_until then
  drop_session(user, field)
  return 'X'
end
local issued_from = issue_from(found[5], gone_until, known_mark)
idle, absolute = lifetimes_of(session, grant, idle, absolute)

if at >= expires_at(session, idle, absolute) then
  drop_session(user, field)
  return 'E'
end

local drift = 0

local function outcome(letter, rolled_back, previous_address)
  local previous = previous_address or ''
  local head = struct.pack('>c1I6I2BBI2B', letter, issued_from, drift, rolled_back and 1 or 0, #state, #subject,
    #previous)
  return head .. previous .. state .. subject .. grant
end

-- The caller checks whether the record has been changed.
if session.body ~= (in_body == 1) then return outcome('F', false) end
if client and client ~= string.match(grant, '^[^%z]*', 1 + MAC_BYTES) then return outcome('F', false) end

-- The cells that differ from those of the session, as bits, and how many they are.
local function drift_from(cells)
  if cells == session.cells then return 0, 0 end
  local drift, count = 0, 0
  for cell = 0, math.max(#session.cells, #cells) / 4 - 1 do
    if string.sub(session.cells, cell * 4 + 1, cell * 4 + 4) ~= string.sub(cells, cell * 4 + 1, cell * 4 + 4) then
      drift, count = drift + 2 ^ cell, count + 1
    end
  end
  return drift, count
end

-- The cells were hashed under one of the secrets: that with the least drift counts. The current secret comes first, and
-- what is stored is hashed under it.
local least, version, cells = nil, 0, session.cells
next_at = next_at + address_length
while next_at <= #step do
  local sent_version, size, cells_at = struct.unpack('>I2B', step, next_at)
  local sent_cells = string.sub(step, cells_at, cells_at + size - 1)
  local bits, count = drift_from(sent_cells)
  if not least then version, cells = sent_version, sent_cells end
  if not least or count < least then drift, least = bits, count end
  next_at = cells_at + size
end
if drift ~= 0 then cells = session.cells end
if version ~= 0 and version < session.version then drift = drift + VERSION_FELL end

local function limited(milliseconds)
  return struct.pack('>c1I6', 'L', milliseconds)
end

local function end_session()
  revoke(feed, meta, 'S' .. tag .. field, at)
  drop_session(user, field)
end

if bit.band(drift, enforced) ~= 0 then
  end_session()
  return outcome('M', false)
end

-- Goes on from a base, unless there are too many refreshes.
local function go_on(letter, next_generation, base, rolled_back, previous_address)
  if refreshes > 0 then
    local ends, used = 0, 0
    if found[4] and #found[4] == WINDOW_BYTES then ends, used = struct.unpack(WINDOW, found[4]) end
    if at >= ends * 1000 then ends, used = math.ceil((at + window) / 1000), 0 end
    if used >= refreshes then return limited(ends * 1000 - at) end
    redis.call('HSET', user, 'w', struct.pack(WINDOW, ends, used + 1))
  end
  if letter == 'B' then revoke(feed, meta, 'G' .. tag .. field .. struct.pack('>I4', session.generation), at) end
  session.generation, session.base, session.rotated_at, session.confirmed, session.converged =
    next_generation, base, at, false, 0
  session.key, session.key_sent, session.keyed = key, key_sent, session.keyed or key_sent
  session.cells, session.version, session.ip = cells, math.max(session.version, version), address
  state = pack_session(session)
  redis.call('HSET', user, field, state)
  local left = expires_at(session, idle, absolute) - at
  -- Nothing in the hash needs to outlive a session that has the whole idle lifetime of all sessions ahead, unless the
  -- sign-ins are kept for their user to see.
  if left == idle and idle >= RETENTION and not session.own and not found[7] then
    redis.call('PEXPIRE', user, text(idle))
  else
    keep(user, left)
  end
  return outcome(letter, rolled_back, previous_address)
end

local function converge()
  if converged_limit > 0 and session.converged >= converged_limit then return limited(1000) end
  if converged_limit > 0 then
    session.converged = session.converged + 1
    redis.call('HSET', user, field, pack_session(session))
  end
  return outcome('C', false)
end

if generation == session.generation then return go_on('R', generation + 1, generation, false) end
if generation > session.generation and grace > 0 then return go_on('R', generation + 1, generation, true) end
if generation == session.base then
  if key ~= '' and session.key == key and session.key_sent == key_sent then return converge() end
  local racing = grace > 0 and at - session.rotated_at <= grace
  if racing and not (session.keyed or key_sent) then return converge() end
  local reached = session.confirmed or (session.key ~= '' and session.key_sent)
  if grace > 0 and not reached and session.generation - session.base < MAX_SKIPPED then
    return go_on('B', session.generation + 1, session.base, false, session.ip)
  end
end
end_session()
return outcome('U', generation > session.generation)
