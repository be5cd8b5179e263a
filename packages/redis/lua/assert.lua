-- Puts back revocations that the store lost, and ends sessions that came back from the dead.
-- KEYS  feed, meta, then the user of each revocation
-- ARGV  beginning, then of each revocation: member, own part of its session ('': none), not-before mark of its
--       subject ('': none)
local at = begin()
if not at then return late() end
for i = 3, #KEYS do
  local first = 2 + (i - 3) * 3
  revoke(KEYS[1], KEYS[2], ARGV[first], at)
  if ARGV[first + 1] ~= '' then drop_session(KEYS[i], ARGV[first + 1]) end
  if ARGV[first + 2] ~= '' then
    mark_subject(KEYS[i], ARGV[first + 2])
  end
end
return #KEYS - 2
