-- Writes the grant of a session whose user has proved who they are, and the device that did it, unless one of them is no
-- longer what the caller read.
-- KEYS  user, meta
-- ARGV  header, field, idle, absolute, earlier and next grant, earlier and next cells, next browser version, until when
--       the caller knows that everything has ended and that tokens are refused
-- returns {state, earliest second of new tokens}; 0 if something has changed, and so nothing was written; 1 if the
--   session is over
local at = begin()
if not at then return too_late() end
local user, meta, field = KEYS[1], KEYS[2], ARGV[2]
local found = redis.call('HMGET', user, field, '.' .. field, 'n', 'x')
local state, grant = found[1], found[2]
if not state or not grant or is_over(state, field, made_after(found[4])) then return 1 end
local session = unpack_session(state)
local gone_until = everything_until(meta, tonumber(ARGV[10]))
local idle, absolute = lifetimes_of(session, grant, tonumber(ARGV[3]), tonumber(ARGV[4]))
if session.created_at <= gone_until or at >= expires_at(session, idle, absolute) then return 1 end
if grant ~= ARGV[5] or session.cells ~= ARGV[7] then return 0 end

local issued_from = issue_from(found[3], gone_until, tonumber(ARGV[11]))
session.cells, session.version = ARGV[8], tonumber(ARGV[9])
state = pack_session(session)
redis.call('HSET', user, field, state, '.' .. field, ARGV[6])
return { state, text(issued_from) }
