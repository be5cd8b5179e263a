-- Adds entries to the activity of subjects, and drops the oldest ones.
--
-- The latest sign-in of a subject stands in its hash, since most subjects have nothing else, and a list of their own would
-- cost them as much as their session. The next one moves it to the list. If the hash is gone, so is every session.
-- KEYS  for each entry, the user and the list of its subject
-- ARGV  header, the most entries of a list, how long it is kept, for each entry whether it is a sign-in (1) and the entry
if not begin() then return too_late() end
for index = 1, #KEYS / 2 do
  local user, list = KEYS[2 * index - 1], KEYS[2 * index]
  local entry = ARGV[2 * index + 3]
  if ARGV[2 * index + 2] == '1' and redis.call('EXISTS', user) == 1 then
    local earlier = redis.call('HGET', user, 'l')
    redis.call('HSET', user, 'l', entry)
    entry = earlier
  end
  if entry then
    redis.call('LPUSH', list, entry)
    redis.call('LTRIM', list, 0, ARGV[2] - 1)
    redis.call('PEXPIRE', list, ARGV[3])
  end
end
return 1
