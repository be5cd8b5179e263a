-- The state of a session: flags, generation, rotated at, created at, converged answers, browser version, length of the
-- cells; then the cells themselves, the IP address, how many generations the current one is after its base unless it is
-- one (two bytes), and the key of the attempt that made it, if there was one.
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
    confirmed = bit.band(flags, CONFIRMED) ~= 0,
    body = bit.band(flags, BODY) ~= 0,
    own = bit.band(flags, OWN_LIFETIMES) ~= 0,
    keyed = bit.band(flags, KEYED) ~= 0,
    bound = bit.band(flags, BOUND_KEY) ~= 0,
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

local function pack_session(session)
  local after = session.generation - session.base
  local flags = (session.confirmed and CONFIRMED or 0) + (session.own and OWN_LIFETIMES or 0) +
    (session.body and BODY or 0) + (session.keyed and KEYED or 0) + (session.bound and BOUND_KEY or 0) +
    (session.key ~= '' and RETRY_KEY or 0) +
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

-- The thumbprint of the key to which a session is bound, and when that was registered. It is in the JSON of the grant: see
-- `packRare` in `grant-codec.ts`. No thumbprint fits a damaged grant, of which whoever reads it tells.
local RARE = '^[^%z]*%z[^%z]*%z[^%z]*%z[^%z]*%z[^%z]*%z[^%z]*%z([^%z]*)'

local function bound_key_of(grant)
  local readable, rare = pcall(cjson.decode, string.match(grant, RARE, 1 + MAC_BYTES) or '')
  local key = readable and type(rare) == 'table' and rare.boundKey
  if type(key) ~= 'table' then return false, 0 end
  return key.jkt, tonumber(key.boundAt) or 0
end

local function expires_at(session, idle, absolute)
  return math.min(session.rotated_at + idle, session.created_at + absolute)
end
