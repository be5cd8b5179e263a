-- Puts back revocations that the store lost, and ends sessions that came back from the dead.
-- KEYS  feed, meta, then the user of each revocation
-- ARGV  epoch, channel, shard, deadline, at, then of each revocation: member, own part of its session ('': none),
--       not-before mark of its subject ('': none)
if is_late() then return LATE end
local at = instant(ARGV[5])
for i = 3, #KEYS do
  local first = 6 + (i - 3) * 3
  revoke(KEYS[1], KEYS[2], news, ARGV[first], at)
  if ARGV[first + 1] ~= '' then drop_session(KEYS[i], ARGV[first + 1]) end
  if ARGV[first + 2] ~= '' then
    mark_subject(KEYS[i], ARGV[first + 2])
  end
end
return #KEYS - 2
