-- Settles messages of one receiver, and drops what every receiver has settled. A receiver that is none any longer, and of
-- which nothing was heard for as long as messages are kept, is forgotten.
-- KEYS  outbox, dead letters, forgotten subjects
-- ARGV  receiver, number of messages, number of dead letters, number of receivers, for how many milliseconds
--       messages are kept, then the id of each message, the dead letters, for each of them the tag of its
--       subject ('': it has none) and the instant of its message, the names of all receivers
-- returns the numbers of the dead letters that were not kept, since their subjects were forgotten
local MOST_DEAD, DEAD_TTL = 200, 604800000
local outbox, dead, receiver = KEYS[1], KEYS[2], ARGV[1]
local messages, letters, receivers = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local kept = tonumber(ARGV[5])
local next_at = 6
local left_out = {}

local function take(count)
  local first = next_at
  next_at = next_at + count
  return first, next_at - 1
end

local function for_each_slice(first, last, act)
  for from = first, last, MAX_UNPACKED do act(unpack(ARGV, from, math.min(from + MAX_UNPACKED - 1, last))) end
end

if redis.call('EXISTS', outbox) == 1 then
  local first, last = take(messages)
  for_each_slice(first, last, function(...) redis.call('XACK', outbox, receiver, ...) end)
else
  take(messages)
end
if letters > 0 then
  local first, last = take(letters)
  local about = take(2 * letters)
  for i = first, last do
    local tag, instant = ARGV[about + 2 * (i - first)], tonumber(ARGV[about + 2 * (i - first) + 1])
    local until_then = tag ~= '' and redis.call('ZSCORE', KEYS[3], tag)
    if until_then and instant <= tonumber(until_then) then
      left_out[#left_out + 1] = i - first + 1
    else
      -- What is told again, because the answer was lost, may be there already.
      redis.call('LREM', dead, 0, ARGV[i])
      redis.call('LPUSH', dead, ARGV[i])
    end
  end
  redis.call('LTRIM', dead, 0, MOST_DEAD - 1)
  redis.call('PEXPIRE', dead, DEAD_TTL)
end
if redis.call('XLEN', outbox) == 0 then return left_out end
local first, last = take(receivers)
local is_receiver = {}
for i = first, last do
  enroll(outbox, ARGV[i])
  is_receiver[ARGV[i]] = true
end

local function members_of(reply)
  local known = {}
  for i = 1, #reply, 2 do known[reply[i]] = reply[i + 1] end
  return known
end

local function is_forgotten(name)
  if is_receiver[name] then return false end
  local consumer = redis.call('XINFO', 'CONSUMERS', outbox, name)[1]
  return consumer ~= nil and members_of(consumer).idle > kept
end

local function parts_of(id)
  local left, right = string.match(id, '^(%d+)%-(%d+)$')
  return tonumber(left), tonumber(right)
end

-- Up to where a receiver has settled all, exclusively.
local function open_from(known)
  local pending = known.pending > 0 and redis.call('XPENDING', outbox, known.name, '-', '+', 1)[1]
  if pending then return parts_of(pending[1]) end
  local left, right = parts_of(known['last-delivered-id'])
  return left, right + 1
end

local least_left, least_right
for _, group in ipairs(redis.call('XINFO', 'GROUPS', outbox)) do
  local known = members_of(group)
  if is_forgotten(known.name) then
    redis.call('XGROUP', 'DESTROY', outbox, known.name)
  else
    local left, right = open_from(known)
    if not least_left or left < least_left or left == least_left and right < least_right then
      least_left, least_right = left, right
    end
  end
end
if least_left then redis.call('XTRIM', outbox, 'MINID', text(least_left) .. '-' .. text(least_right)) end
return left_out
