-- Judges a presented refresh token and carries the verdict out; mirrors judgeRotation of the core.
-- KEYS  user, feed, meta
-- ARGV  epoch, channel, shard, deadline, tag, at, own, generation, body (1: travels in bodies), =client ('': any),
--       enforced drift, grace, recover lost (1), idle, absolute, refresh limit, its window,
--       converged limit, address, then cells and browser version under each secret in force
-- returns {kind, ...}: {'rotated', packed, lasting, subject, issue_from, drift, rolled back}
--   {'converged', packed, lasting, subject, issue_from}  {'reused', packed, lasting, subject, rolled back}
--   {'mismatched', packed, lasting, subject, drift}  {'limited', milliseconds}
--   {'foreign'}  {'expired'}  {'unknown'}
if is_late() then return LATE end
local user, feed, meta = KEYS[1], KEYS[2], KEYS[3]
local tag, at, own, generation = ARGV[5], instant(ARGV[6]), ARGV[7], tonumber(ARGV[8])
local grace, recover_lost = tonumber(ARGV[12]), ARGV[13] == '1'
local idle, absolute = tonumber(ARGV[14]), tonumber(ARGV[15])
local VERSION_FELL = 32768

local found = redis.call('HMGET', user, own, '.' .. own, '@', 'w')
local packed, lasting, subject = found[1], found[2], found[3]
if not packed or not lasting or not subject then return { 'unknown' } end
local s = unpack_session(packed)

if at >= expires_at(s, idle, absolute) then
  drop_session(user, own)
  return { 'expired' }
end
if s.body ~= (ARGV[9] == '1') then return { 'foreign' } end
if ARGV[10] ~= '' and ARGV[10] ~= '=' .. string.match(lasting, '^[^%z]*') then return { 'foreign' } end

local function drift_from(cells)
  local drift, count = 0, 0
  for cell = 0, math.max(#s.cells, #cells) / 4 - 1 do
    if string.sub(s.cells, cell * 4 + 1, cell * 4 + 4) ~= string.sub(cells, cell * 4 + 1, cell * 4 + 4) then
      drift, count = drift + 2 ^ cell, count + 1
    end
  end
  return drift, count
end

local drift, least = 0, nil
for i = 20, #ARGV, 2 do
  local bits, count = drift_from(ARGV[i])
  if not least or count < least then drift, least = bits, count end
end
local version = tonumber(ARGV[21])
local cells = drift == 0 and ARGV[20] or s.cells
if version ~= 0 and version < s.version then drift = drift + VERSION_FELL end

local function end_session()
  revoke(feed, meta, news, 'S' .. tag .. own, at)
  drop_session(user, own)
end

if bit.band(drift, tonumber(ARGV[11])) ~= 0 then
  end_session()
  return { 'mismatched', packed, lasting, subject, drift }
end

local function rotate(next_generation, rolled_back)
  local count, window = tonumber(ARGV[16]), tonumber(ARGV[17])
  if count > 0 then
    local ends, used = string.match(found[4] or '0:0', '^(%d+):(%d+)$')
    ends, used = tonumber(ends), tonumber(used)
    if at >= ends then ends, used = at + window, 0 end
    if used >= count then return { 'limited', ends - at } end
    redis.call('HSET', user, 'w', text(ends) .. ':' .. text(used + 1))
  end
  s.generation, s.rotated_at, s.confirmed, s.converged = next_generation, at, false, 0
  s.cells, s.version, s.ip = cells, math.max(s.version, version), ARGV[19]
  packed = pack_session(s)
  redis.call('HSET', user, own, packed)
  keep(user, expires_at(s, idle, absolute) - at)
  return { 'rotated', packed, lasting, subject, text(issue_from(user)), drift, rolled_back and 1 or 0 }
end

if generation == s.generation then return rotate(generation + 1, false) end
if generation > s.generation then
  if grace > 0 or recover_lost then return rotate(generation + 1, true) end
  end_session()
  return { 'reused', packed, lasting, subject, 1 }
end
if generation == s.generation - 1 then
  local lost = recover_lost and not s.confirmed
  local racing = grace > 0 and at - s.rotated_at <= grace
  if lost or racing then
    local limit = tonumber(ARGV[18])
    if limit > 0 and s.converged >= limit then return { 'limited', 1000 } end
    if limit > 0 then
      s.converged = s.converged + 1
      redis.call('HSET', user, own, pack_session(s))
    end
    return { 'converged', packed, lasting, subject, text(issue_from(user)) }
  end
end
end_session()
return { 'reused', packed, lasting, subject, 0 }
