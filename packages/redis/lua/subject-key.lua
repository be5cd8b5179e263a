-- Reads the key of a subject, or keeps a fresh one if there is none.
-- KEYS  the key of the subject, the subject of the fresh key
-- ARGV  header, how long keys are kept, the fresh key (its id and 32 bytes; '': none is made), the tag of the subject
-- returns the key that the subject has now, or false
if not begin() then return too_late() end
local record, behind, kept, fresh = KEYS[1], KEYS[2], ARGV[2], ARGV[3]
-- What is damaged is replaced, since it would hold up the trail.
local known = redis.pcall('GET', record)
if type(known) == 'string' and #known == SUBJECT_KEY_BYTES then
  redis.call('PEXPIRE', record, kept)
  return known
end
if fresh == '' then return false end
redis.call('SET', record, fresh, 'PX', kept)
redis.call('SET', behind, ARGV[4], 'PX', kept)
return fresh
