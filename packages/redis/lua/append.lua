-- Adds entries to the activity of subjects, and drops the oldest ones. What is damaged harms no other subject.
--
-- The latest sign-in of a subject stands in its hash, since most subjects have nothing else, and a list of their own would
-- cost them as much as their session. The next one moves it to the list.
-- KEYS  for each entry, the user and the list of its subject, that of failures or of all else
-- ARGV  header, how long entries are kept, for each entry the most of its list, whether it is a sign-in (1), and the entry
-- returns how many entries were not added
if not begin() then return too_late() end
local kept, failed = tonumber(ARGV[2]), 0

local function is_error(reply)
  return type(reply) == 'table' and reply.err
end

local function push(list, entry, most)
  if is_error(redis.pcall('LPUSH', list, entry)) then return false end
  redis.call('LTRIM', list, 0, most - 1)
  redis.call('PEXPIRE', list, text(kept))
  return true
end

for index = 1, #KEYS / 2 do
  local user, list = KEYS[2 * index - 1], KEYS[2 * index]
  local most, sign_in, entry = ARGV[3 * index], ARGV[3 * index + 1], ARGV[3 * index + 2]
  if sign_in == '1' and redis.call('EXISTS', user) == 1 then
    local earlier = redis.pcall('HGET', user, 'l')
    if is_error(earlier) or is_error(redis.pcall('HSET', user, 'l', entry)) then
      failed = failed + 1
    else
      keep(user, kept)
      if earlier and not push(list, earlier, most) then failed = failed + 1 end
    end
  elseif not push(list, entry, most) then
    failed = failed + 1
  end
end
return failed
