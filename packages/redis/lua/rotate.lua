-- Judges a presented refresh token and acts on the verdict. Mirrors judgeRotation of the core.
-- KEYS  user, feed, meta, and the outbox, if it is told
-- ARGV  header; the step: STEP, the address, the thumbprint that was shown, then browser version and cells under each secret in force; and, if it is
--       to be checked, the client. There are few arguments, since each costs the caller some time.
-- returns one string instead of an array, whose elements would cost the caller time too. It begins with a letter:
--   R rotated, C converged, B contested, U reused, M mismatched, S challenged, F another client or transport, P the key
--     was not shown: followed by issue_from, drift, whether the store had lost writes (1), the lengths of the state, of the subject and of the
--     address that contested tokens had gone to, and that address, the state, the subject and the grant
--   L over a limit: followed by the milliseconds to wait
--   E expired, X unknown
local at = begin()
if not at then return too_late() end
local user, feed, meta = KEYS[1], KEYS[2], KEYS[3]
-- tag, field, generation, whether refresh tokens travel in bodies, the rule of drift (three masks and two limits), grace,
-- idle, absolute, until when the caller knows that everything has ended and that tokens are refused, refresh limit and its
-- window, converged limit, key of the attempt, who made that (0: there is none, 1: the client, 2: the process), whether
-- the key of a bound session is asked for (0: no, 1: it was not shown, 2: a thumbprint was), length of the address
local STEP = '>c12c16I4BI2I2I2BBI6I6I6I6I6I4I6I4c6BBB'
local step, client = ARGV[2], ARGV[3]
local JKT_LENGTH = 43
local tag, field, generation, in_body, enforced, stepping_up, counted, step_up_at, end_at, grace, idle, absolute,
  known_end, known_mark, refreshes, window, converged_limit, key, key_by, proof, address_length, next_at =
  struct.unpack(STEP, step)
local address = string.sub(step, next_at, next_at + address_length - 1)
next_at = next_at + address_length
local shown = ''
if proof == 2 then
  shown = string.sub(step, next_at, next_at + JKT_LENGTH - 1)
  next_at = next_at + JKT_LENGTH
end
local key_sent = key_by == 1
if key_by == 0 then key = '' end
local VERSION_FELL, CELL_BYTES, NOT_SENT = 32768, 4, '\0\0\0\0'
-- As MAX_SKIPPED of the core.
local MAX_SKIPPED = 65535
-- As BOUND_KEY_GRACE_MS of the core.
local BOUND_KEY_GRACE = 10000
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
if proof > 0 and session.bound then
  local jkt, bound_at = bound_key_of(grant)
  if shown ~= jkt and at - bound_at > BOUND_KEY_GRACE then return outcome('P', false) end
end

-- The cells of the device under each secret. What is stored is hashed under the current one, which comes first.
local sent, version = {}, 0
while next_at <= #step do
  local sent_version, size, cells_at = struct.unpack('>I2B', step, next_at)
  if not sent[1] then version = sent_version end
  sent[#sent + 1] = string.sub(step, cells_at, cells_at + size - 1)
  next_at = cells_at + size
end

-- Nothing for a cell that was not sent.
local function cell_of(cells, index)
  local cell = string.sub(cells, index * CELL_BYTES + 1, (index + 1) * CELL_BYTES)
  return #cell == CELL_BYTES and cell ~= NOT_SENT and cell or nil
end

-- Mirrors compareDevices of the core: a cell that fits under any secret is hashed under the current one from now on.
local function compare(bound, index)
  local current = sent[1] and cell_of(sent[1], index)
  if not current or not cell_of(bound, index) then return end
  for _, cells in ipairs(sent) do
    if cell_of(cells, index) == cell_of(bound, index) then return current end
  end
  drift = drift + 2 ^ index
end

local cells = session.cells
if cells ~= sent[1] then
  local kept = {}
  for index = 0, math.ceil(#cells / CELL_BYTES) - 1 do
    kept[index + 1] = compare(cells, index)
      or string.sub(cells, index * CELL_BYTES + 1, (index + 1) * CELL_BYTES)
  end
  cells = table.concat(kept)
end
if version ~= 0 and version < session.version then drift = drift + VERSION_FELL end

local changes = 0
for bit_at = 0, 15 do
  if bit.band(drift, counted, 2 ^ bit_at) ~= 0 then changes = changes + 1 end
end
local must_end = bit.band(drift, enforced) ~= 0 or end_at > 0 and changes >= end_at
local must_step_up = bit.band(drift, stepping_up) ~= 0 or step_up_at > 0 and changes >= step_up_at

local function limited(milliseconds)
  return struct.pack('>c1I6', 'L', milliseconds)
end

local function end_session()
  revoke(feed, meta, 'S' .. tag .. field, at, KEYS[4])
  drop_session(user, field)
end

if must_end then
  end_session()
  return outcome('M', false)
end

-- Goes on from a base, unless there are too many refreshes.
local function go_on(letter, next_generation, base, rolled_back, previous_address)
  if must_step_up then return outcome('S', false) end
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
  if must_step_up then return outcome('S', false) end
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
