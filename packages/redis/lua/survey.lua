-- Looks at the next sessions of a subject.
-- KEYS  user, meta
-- ARGV  cursor, time to judge by, idle, absolute
-- returns {next cursor, and of each session packed together: its field, when it was created and last refreshed, whether
--   it is over by a mark (1)}
local cursor, hash = next_slice(KEYS[1], ARGV[1], SLICE)
local found = {}
for _, one in ipairs(sessions_among(hash, KEYS[1], KEYS[2], instant(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]))) do
  found[#found + 1] = one.field .. struct.pack('>I6I6B', one.created_at, one.rotated_at, one.over and 1 or 0)
end
return { cursor, table.concat(found) }
