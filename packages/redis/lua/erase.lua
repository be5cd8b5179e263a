-- Erases what is known of a subject that has no sessions any more. The marks stay for as long as its tokens could live:
-- they name nobody, and a token issued meanwhile must not be earlier than they are.
-- KEYS  user, activity, failures
-- ARGV  header
-- returns 1, or 0 if the subject has sessions
if not begin() then return too_late() end
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
redis.call('DEL', KEYS[2], KEYS[3])
return 1
