-- Makes a session of generation 1; ends the oldest ones over the limit.
-- KEYS  user, feed, meta
-- ARGV  beginning, tag, own, packed (instants filled in here), lasting part, subject, idle, absolute, session limit
-- returns {packed, issue_from, ended own parts ...}
local at = begin()
if not at then return late() end
local user, feed, meta = KEYS[1], KEYS[2], KEYS[3]
local tag, own = ARGV[2], ARGV[3]
local idle, absolute, limit = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])

local subject = redis.call('HGET', user, '@')
if subject and subject ~= ARGV[6] then
  return redis.error_reply('ERR two subjects of one tag')
end

local ended = {}
local threshold = tonumber(redis.call('HGET', user, 'p') or 64)
if limit > 0 or redis.call('HLEN', user) >= threshold then
  local live = {}
  for _, one in ipairs(live_sessions(user, at, idle, absolute)) do
    if one.own ~= own then live[#live + 1] = one end
  end
  if limit > 0 and #live >= limit then
    table.sort(live, function(a, b) return a.rotated_at < b.rotated_at end)
    for i = 1, #live - limit + 1 do
      revoke(feed, meta, 'S' .. tag .. live[i].own, at)
      drop_session(user, live[i].own)
      ended[#ended + 1] = live[i].own
    end
  elseif limit == 0 then
    redis.call('HSET', user, 'p', math.max(64, 2 * redis.call('HLEN', user)))
  end
end

local s = unpack_session(ARGV[4])
s.rotated_at, s.created_at = at, at
local packed = pack_session(s)
redis.call('HSET', user, '@', ARGV[6], own, packed, '.' .. own, ARGV[5])
keep(user, expires_at(s, idle, absolute) - at)
return { packed, text(issue_from(redis.call('HGET', user, 'n'))), unpack(ended) }
