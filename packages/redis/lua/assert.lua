-- Puts back revocations that the store lost, and ends sessions that reappeared with the data.
-- KEYS  feed, meta, then the user of each revocation
-- ARGV  header, then for each revocation: member, field of its session ('': none), not-before mark of its subject
--       ('': none)
local at = begin()
if not at then return too_late() end
for i = 3, #KEYS do
  local first = 2 + (i - 3) * 3
  local member, field, mark = ARGV[first], ARGV[first + 1], ARGV[first + 2]
  revoke(KEYS[1], KEYS[2], member, at)
  if field ~= '' then drop_session(KEYS[i], field) end
  if mark ~= '' then mark_subject(KEYS[i], mark) end
end
return #KEYS - 2
