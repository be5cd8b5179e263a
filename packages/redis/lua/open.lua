-- Creates a session of generation 1, and ends those refreshed longest ago if there are too many.
-- KEYS  user, feed, meta
-- ARGV  header, tag, field, state (its times are filled in here), grant, subject, idle, absolute, session limit
--       (0: none), field of a session that ends because its cookie is replaced ('': none)
-- returns {state, issue_from, whether that session was there (1), fields of the ended sessions ...}: built one by one,
--   since `unpack` takes no more than some thousands
local at = begin()
if not at then return too_late() end
local user, feed, meta = KEYS[1], KEYS[2], KEYS[3]
local tag, field = ARGV[2], ARGV[3]
local idle, absolute, limit = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])

local subject = redis.call('HGET', user, '@')
if subject and subject ~= ARGV[6] then
  error('the subject is damaged, or another one has the same tag')
end

check_marks(user)
local reply = { '', '', 0 }
local members, ended = {}, {}
local replaced = ARGV[10]
if replaced ~= '' and replaced ~= field and redis.call('HEXISTS', user, replaced) == 1 then
  members[1], ended[1], reply[3] = 'S' .. tag .. replaced, replaced, 1
end
local threshold = tonumber(redis.call('HGET', user, 'p') or 64) or 64
if limit > 0 or redis.call('HLEN', user) >= threshold then
  local live = {}
  for _, one in ipairs(live_sessions(user, at, idle, absolute)) do
    if one.field ~= field and one.field ~= ended[1] then live[#live + 1] = one end
  end
  if limit > 0 and #live >= limit then
    table.sort(live, function(a, b) return a.rotated_at < b.rotated_at end)
    for i = 1, #live - limit + 1 do
      members[#members + 1] = 'S' .. tag .. live[i].field
      ended[#ended + 1] = live[i].field
      reply[#reply + 1] = live[i].field
    end
  elseif limit == 0 then
    redis.call('HSET', user, 'p', math.max(64, 2 * redis.call('HLEN', user)))
  end
end
-- Everything has been read by now, so that no damaged value stops the script halfway.
revoke_each(feed, meta, members, at)
for _, one in ipairs(ended) do drop_session(user, one) end

local session = unpack_session(ARGV[4])
session.rotated_at, session.created_at = at, at
local state = pack_session(session)
redis.call('HSET', user, '@', ARGV[6], field, state, '.' .. field, ARGV[5])
keep(user, expires_at(session, lifetimes_of(session, ARGV[5], idle, absolute)) - at)
reply[1], reply[2] = state, text(issue_from(redis.call('HGET', user, 'n')))
return reply
