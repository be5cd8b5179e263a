-- Erases what is known of a subject that has no sessions and no API keys any more. The marks stay for as long as its tokens could live:
-- they name nobody, and a token issued meanwhile must not be earlier than they are.
-- KEYS  user, activity, failures, the key of the subject, the subject of that key, sightings, API keys
-- ARGV  header, the id of that key as far as it is known ('': it is not)
-- returns 1, 0 if the subject has sessions or API keys, or the id of its key if it is another one: nothing was erased then
if not begin() then return too_late() end
local record = redis.pcall('GET', KEYS[4])
if type(record) == 'string' and #record == SUBJECT_KEY_BYTES then
  local id = string.sub(record, 1, SUBJECT_KEY_ID)
  if id ~= ARGV[2] then return id end
end
if redis.call('EXISTS', KEYS[7]) == 1 then return 0 end
local user = KEYS[1]
-- What may stay besides sessions are a few fields.
if redis.call('HLEN', user) > MOST_AT_ONCE then return 0 end
local fields = redis.call('HKEYS', user)
for _, field in ipairs(fields) do
  if #field == FIELD_BYTES then return 0 end
end
for _, field in ipairs(fields) do
  if field ~= 'n' and field ~= 'f' then redis.call('HDEL', user, field) end
end
redis.call('PEXPIRE', user, text(RETENTION))
redis.call('DEL', KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6])
return 1
