-- Revokes one API key of a subject, which need not be there, or all, and drops them.
-- KEYS  API keys, feed, meta
-- ARGV  header, tag, field ('': all)
-- returns the fields of the keys that were there and not over
local at = begin()
if not at then return too_late() end
local keys, tag, field = KEYS[1], ARGV[2], ARGV[3]
local live, over = fields_of_keys(keys, at, everything_until(KEYS[3]))
if field ~= '' then
  local was_live = false
  for _, one in ipairs(live) do was_live = was_live or one == field end
  revoke(KEYS[2], KEYS[3], 'S' .. tag .. field, at)
  drop_api_key(keys, field)
  return was_live and { field } or {}
end
local members = {}
for _, one in ipairs(live) do members[#members + 1] = 'S' .. tag .. one end
for _, one in ipairs(over) do members[#members + 1] = 'S' .. tag .. one end
revoke_each(KEYS[2], KEYS[3], members, at)
redis.call('DEL', keys)
return live
