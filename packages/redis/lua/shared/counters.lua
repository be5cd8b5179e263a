-- A counter is a string: the beginning of its window, the number of its attempts and the instant until which further
-- ones are blocked (0: they are not), separated by blanks.

-- Nobody is blocked for longer than a day, and no clock is ahead by as much.
local LONGEST_BLOCK = 2 * 86400000

local function read_counter(counter, at)
  local value = redis.call('GET', counter)
  if not value then return 0, 0, 0 end
  local since, count, blocked_until = string.match(value, '^(%d+) (%d+) (%d+)$')
  -- What somebody has damaged must not let anybody guess on.
  if not since or #value > 48 then error('a counter is damaged') end
  if tonumber(blocked_until) > at + LONGEST_BLOCK then error('a counter is damaged') end
  return tonumber(since), tonumber(count), tonumber(blocked_until)
end

-- Keeps the time to live that the counter has.
local function write_counter(counter, since, count, blocked_until)
  redis.call('SET', counter, text(since) .. ' ' .. text(count) .. ' ' .. text(blocked_until), 'KEEPTTL')
end
