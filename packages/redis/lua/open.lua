-- Creates a session of generation 1, and ends those refreshed longest ago if there are too many.
-- KEYS  user, feed, meta, and the outbox, if it is told
-- ARGV  header, tag, field, state (its times are filled in here), grant, subject, idle, absolute, session limit
--       (0: none), field of a session that ends because its cookie is replaced ('': none), until when the caller knows
--       that everything has ended and that tokens are refused
-- returns {state, issue_from, whether that session was there (1), fields of the ended sessions ...}, or nil if there are
--   too many sessions to find those that must end, or too many of these
local at = begin()
if not at then return too_late() end
local user, feed, meta = KEYS[1], KEYS[2], KEYS[3]
local tag, field = ARGV[2], ARGV[3]
local idle, absolute, limit = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
-- More than the highest limit of the core takes: two fields a session, and the marks.
local MOST_UNDER_LIMIT = 2200
local MOST_ENDED = 10
-- Whoever has fewer fields keeps expired sessions until the whole hash expires.
local TIDIED_FROM, TIDIED = 64, 64

local known = redis.call('HMGET', user, '@', 'n', 'x', ARGV[10])
local ended_at, spared = made_after(known[3])
local gone_until = everything_until(meta, tonumber(ARGV[11]))
if known[1] and known[1] ~= ARGV[6] then
  error('the subject is damaged, or another one has the same tag')
end
check_marks(user)
if limit > 0 and redis.call('HLEN', user) > MOST_UNDER_LIMIT then return false end

local reply = { '', '', 0 }
local members, ended = {}, {}
local replaced = ARGV[10]
if replaced ~= '' and replaced ~= field and known[4] and not is_over(known[4], replaced, ended_at, spared)
  and not is_over(known[4], replaced, gone_until, '') then
  members[1], ended[1], reply[3] = 'S' .. tag .. replaced, replaced, 1
end
if limit > 0 then
  local live = {}
  for _, one in ipairs(sessions_among(redis.call('HGETALL', user), user, meta, at, idle, absolute)) do
    if not one.over and one.field ~= field and one.field ~= ended[1] then live[#live + 1] = one end
  end
  local surplus = #live - limit + 1
  if surplus > MOST_ENDED then return false end
  -- They are few, so this takes less time than to sort all.
  for _ = 1, surplus do
    local first = 1
    for i = 2, #live do
      if live[i].rotated_at < live[first].rotated_at then first = i end
    end
    local gone = table.remove(live, first).field
    members[#members + 1], ended[#ended + 1], reply[#reply + 1] = 'S' .. tag .. gone, gone, gone
  end
end
-- Everything has been read by now, so that no damaged value stops the script halfway.
revoke_each(feed, meta, members, at, false, KEYS[4])
for _, one in ipairs(ended) do drop_session(user, one) end

local session = unpack_session(ARGV[4])
-- Whatever ended the sessions until now does not concern this one, not even in the same millisecond.
local created_at = math.max(at, ended_at + 1, gone_until + 1)
session.rotated_at, session.created_at = created_at, created_at
local state = pack_session(session)
redis.call('HSET', user, '@', ARGV[6], field, state, '.' .. field, ARGV[5])
keep(user, expires_at(session, lifetimes_of(session, ARGV[5], idle, absolute)) - at)
if redis.call('HLEN', user) >= TIDIED_FROM then
  local cursor, latest = sign_ins_of(user)
  -- What cannot be read there is left to the steps on that session.
  pcall(function()
    local slice = limit == 0 and redis.call('HSCAN', user, cursor, 'COUNT', TIDIED) or { '0', {} }
    redis.call('HSET', user, 'p', slice[1] .. ' ' .. text(math.max(latest, created_at)))
    sessions_among(slice[2], user, meta, at, idle, absolute)
  end)
end
reply[1], reply[2] = state, text(issue_from(known[2], gone_until, tonumber(ARGV[12])))
return reply
