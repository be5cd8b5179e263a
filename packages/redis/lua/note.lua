-- Notes what was seen, each sighting by itself. What is damaged counts as not seen.
--
-- What was seen under one name is a text: <instant>:<value> of each value, the latest first, separated by blanks. It is a
-- string of its own, or a field in the hash of a subject, where the instant at which it is over goes before it.
-- KEYS  for each sighting, its string or the hash of its subject
-- ARGV  header, for each sighting its field in the hash ('': it is a string), its value, its window, how many values are
--   kept, and whether a value that is there already stays as it is (1)
-- returns for each sighting when its value had been seen before ('': it had not), and the values as they now are
local MOST_FIELDS, MOST_BYTES, DAY = 32, 64, 86400000
local at = begin()
if not at then return too_late() end

-- Drops what is over, or else what is over first.
local function make_room(hash)
  local all, first, first_end = redis.call('HGETALL', hash), nil, math.huge
  for i = 1, #all, 2 do
    local ends_at = tonumber(string.match(all[i + 1], '^(%d+) ') or 0)
    if ends_at <= at then
      redis.call('HDEL', hash, all[i])
    elseif ends_at < first_end then
      first, first_end = all[i], ends_at
    end
  end
  if first and redis.call('HLEN', hash) > MOST_FIELDS then redis.call('HDEL', hash, first) end
end

-- What is there, or nil. A value of another type is replaced.
local function seen_before(key, field)
  local packed = field == '' and redis.pcall('GET', key) or field ~= '' and redis.pcall('HGET', key, field)
  if type(packed) == 'string' then return packed end
  if packed then redis.call('DEL', key) end
end

local function noted(packed, value, window, most, stays)
  local before, kept = '', {}
  for instant, one in string.gmatch(packed or '', '(%d+):(%S+)') do
    local seen_at = #instant <= 15 and tonumber(instant) or 0
    -- No clock is ahead by a day.
    if seen_at > at - window and seen_at < at + DAY and #one <= MOST_BYTES then
      if one == value then before = instant end
      if one ~= value or stays then kept[#kept + 1] = instant .. ':' .. one end
    end
  end
  if before == '' or not stays then table.insert(kept, 1, text(at) .. ':' .. value) end
  return before, table.concat(kept, ' ', 1, math.min(#kept, most))
end

local replies = {}
for index, key in ipairs(KEYS) do
  local field, value, window, most, stays = unpack(ARGV, 5 * index - 3, 5 * index + 1)
  local known = seen_before(key, field)
  local before, packed = noted(known, value, tonumber(window), tonumber(most), stays == '1')
  if field == '' then
    redis.call('SET', key, packed, 'PX', window)
  else
    redis.call('HSET', key, field, text(at + window) .. ' ' .. packed)
    keep(key, tonumber(window))
    if not known and redis.call('HLEN', key) > MOST_FIELDS then make_room(key) end
  end
  replies[#replies + 1] = before
  replies[#replies + 1] = packed
end
return replies
