-- Replaces the grants of sessions, unless one of them is not what the caller read. Those of ended sessions stay away.
-- KEYS  user
-- ARGV  header, then the field, the earlier value and the next value of each grant
-- returns 1, or 0 if one of them has changed, and so none was replaced
local at = begin()
if not at then return too_late() end
local fields, next_values = {}, {}
for i = 2, #ARGV, 3 do fields[#fields + 1] = ARGV[i] end
for i, known in ipairs(redis.call('HMGET', KEYS[1], unpack(fields))) do
  if known then
    if known ~= ARGV[3 * i] then return 0 end
    next_values[#next_values + 1] = fields[i]
    next_values[#next_values + 1] = ARGV[3 * i + 1]
  end
end
if #next_values > 0 then redis.call('HSET', KEYS[1], unpack(next_values)) end
return 1
