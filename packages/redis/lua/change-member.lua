-- Puts a member into a set that belongs to a document, or takes it out.
-- KEYS  documents, set
-- ARGV  header, name of the document, version that it must have, member, whether to put it in (1), most members
-- returns 1, 0 if the document has another version, or 2 if the set is full
if not begin() then return too_late() end
local set, member = KEYS[2], ARGV[4]
if version_of(KEYS[1], ARGV[2]) ~= ARGV[3] then return 0 end
if ARGV[5] ~= '1' then
  redis.call('HDEL', set, member)
  return 1
end
if redis.call('HGET', set, member) then return 1 end
if redis.call('HLEN', set) >= tonumber(ARGV[6]) then return 2 end
redis.call('HSET', set, member, '')
return 1
