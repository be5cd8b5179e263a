/**
 * Appends the lines of a process that the stream does not have, and keeps the head of the process: in one step, so that
 * a batch that is given twice is there once.
 */
export const APPEND = `
-- KEYS[1] the stream
-- KEYS[2] a hash with the head of each process, as JSON
-- ARGV[1] the process
-- ARGV[2] its head behind the last line
-- ARGV[3] the number of the first line
-- ARGV[4] entries before this time are dropped: milliseconds
-- ARGV[5] the same, as heads have it: ISO 8601
-- ARGV[6] how many entries are kept at most; 0 for any number
-- ARGV[7...] the lines
-- returns how many lines were new
local function numberIn(head)
  return head and tonumber(string.match(head, '"number":(%d+)')) or 0
end

local known = numberIn(redis.call('HGET', KEYS[2], ARGV[1]))
local new = 0
for at = 7, #ARGV do
  if tonumber(ARGV[3]) + at - 7 > known then
    redis.call('XADD', KEYS[1], '*', 'line', ARGV[at])
    new = new + 1
  end
end
if numberIn(ARGV[2]) >= known then redis.call('HSET', KEYS[2], ARGV[1], ARGV[2]) end

redis.call('XTRIM', KEYS[1], 'MINID', '~', ARGV[4])
if ARGV[6] ~= '0' then redis.call('XTRIM', KEYS[1], 'MAXLEN', '~', ARGV[6]) end
-- Heads of processes of which nothing is left. A new process looks for them, not every batch.
if ARGV[3] == '1' then
  local heads = redis.call('HGETALL', KEYS[2])
  for at = 1, #heads, 2 do
    local time = string.match(heads[at + 1], '"time":"([^"]+)"')
    if time and time < ARGV[5] then redis.call('HDEL', KEYS[2], heads[at]) end
  end
end
return new
`
