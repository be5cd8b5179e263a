-- Replaces a version of a document, and drops sets that belong to it.
-- KEYS  documents, the sets
-- ARGV  header, name, version that it must have, body
-- returns whether it was replaced (1)
if not begin() then return too_late() end
if version_of(KEYS[1], ARGV[2]) ~= ARGV[3] then return 0 end
redis.call('HSET', KEYS[1], ARGV[2], text(tonumber(ARGV[3]) + 1) .. ' ' .. ARGV[4])
for i = 2, #KEYS do redis.call('DEL', KEYS[i]) end
return 1
