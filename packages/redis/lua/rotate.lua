-- Judges a presented refresh token and carries the verdict out; mirrors judgeRotation of the core.
-- KEYS  user, feed, meta
-- ARGV  beginning, the step: STEP, address, then browser version and cells under each secret in force; and the client
--       that it must be, if any. Few arguments, since each costs the client its share.
-- returns one text, since each element of a list costs the client its share. Its first letter says what came of it:
--   R rotated, C converged, U reused, M mismatched: then issue from, drift, rolled back (1), the lengths of what
--     follows, and the packed part, the subject, the lasting part
--   L limited: then milliseconds; F foreign, E expired, X unknown
local at = begin()
if not at then return late() end
local user, feed, meta = KEYS[1], KEYS[2], KEYS[3]
-- tag, own, generation, travels in bodies, enforced drift, grace, recover lost, idle, absolute, refresh limit, its
-- window, converged limit, the address's length
local STEP = '>c12c16I4BI2I6BI6I6I4I6I4B'
local step, client = ARGV[2], ARGV[3]
local tag, own, generation, in_body, enforced, grace, recovers, idle, absolute, refreshes, window, converged_limit,
  address_length, next_at = struct.unpack(STEP, step)
local address = string.sub(step, next_at, next_at + address_length - 1)
local recover_lost = recovers == 1
local VERSION_FELL = 32768

local found = redis.call('HMGET', user, own, '.' .. own, '@', 'w', 'n')
local packed, lasting, subject = found[1], found[2], found[3]
if not packed or not lasting or not subject then return 'X' end
local s = unpack_session(packed)

if at >= expires_at(s, idle, absolute) then
  drop_session(user, own)
  return 'E'
end
if s.body ~= (in_body == 1) then return 'F' end
if client and client ~= string.match(lasting, '^[^%z]*') then return 'F' end

local function drift_from(cells)
  if cells == s.cells then return 0, 0 end
  local drift, count = 0, 0
  for cell = 0, math.max(#s.cells, #cells) / 4 - 1 do
    if string.sub(s.cells, cell * 4 + 1, cell * 4 + 4) ~= string.sub(cells, cell * 4 + 1, cell * 4 + 4) then
      drift, count = drift + 2 ^ cell, count + 1
    end
  end
  return drift, count
end

-- Under the current secret first.
local drift, least, version, cells = 0, nil, 0, s.cells
next_at = next_at + address_length
while next_at <= #step do
  local shown, size, shown_at = struct.unpack('>I2B', step, next_at)
  local shown_cells = string.sub(step, shown_at, shown_at + size - 1)
  local bits, count = drift_from(shown_cells)
  if not least then version, cells = shown, shown_cells end
  if not least or count < least then drift, least = bits, count end
  next_at = shown_at + size
end
if drift ~= 0 then cells = s.cells end
if version ~= 0 and version < s.version then drift = drift + VERSION_FELL end

local function told(letter, rolled_back)
  local lengths = struct.pack('>c1I6I2BBI2', letter, issue_from(found[5]), drift, rolled_back and 1 or 0, #packed, #subject)
  return lengths .. packed .. subject .. lasting
end

local function limited(milliseconds)
  return struct.pack('>c1I6', 'L', milliseconds)
end

local function end_session()
  revoke(feed, meta, 'S' .. tag .. own, at)
  drop_session(user, own)
end

if bit.band(drift, enforced) ~= 0 then
  end_session()
  return told('M', false)
end

local function rotate(next_generation, rolled_back)
  if refreshes > 0 then
    local ends, used = string.match(found[4] or '0:0', '^(%d+):(%d+)$')
    ends, used = tonumber(ends), tonumber(used)
    if at >= ends then ends, used = at + window, 0 end
    if used >= refreshes then return limited(ends - at) end
    redis.call('HSET', user, 'w', text(ends) .. ':' .. text(used + 1))
  end
  s.generation, s.rotated_at, s.confirmed, s.converged = next_generation, at, false, 0
  s.cells, s.version, s.ip = cells, math.max(s.version, version), address
  packed = pack_session(s)
  redis.call('HSET', user, own, packed)
  local left = expires_at(s, idle, absolute) - at
  -- Nothing of the subject's lives longer than a session that has its whole idle lifetime before it.
  if left == idle and idle >= RETENTION then
    redis.call('PEXPIRE', user, text(idle))
  else
    keep(user, left)
  end
  return told('R', rolled_back)
end

if generation == s.generation then return rotate(generation + 1, false) end
if generation > s.generation then
  if grace > 0 or recover_lost then return rotate(generation + 1, true) end
  end_session()
  return told('U', true)
end
if generation == s.generation - 1 then
  local lost = recover_lost and not s.confirmed
  local racing = grace > 0 and at - s.rotated_at <= grace
  if lost or racing then
    if converged_limit > 0 and s.converged >= converged_limit then return limited(1000) end
    if converged_limit > 0 then
      s.converged = s.converged + 1
      redis.call('HSET', user, own, pack_session(s))
    end
    return told('C', false)
  end
end
end_session()
return told('U', false)
