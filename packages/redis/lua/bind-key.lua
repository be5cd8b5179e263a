-- Writes the grant of a session that is bound to a key from now on, unless the grant is no longer what the caller read.
-- KEYS  user, meta
-- ARGV  header, field, idle, absolute, earlier grant, next grant ('': the session has a key, and stays as it is), until
--       when the caller knows that everything has ended
-- returns the state; 0 if the grant has changed, and so nothing was written; 1 if the session is over
local at = begin()
if not at then return too_late() end
local user, meta, field = KEYS[1], KEYS[2], ARGV[2]
local found = redis.call('HMGET', user, field, '.' .. field, 'n', 'x')
local state, grant = found[1], found[2]
if not state or not grant or is_over(state, field, made_after(found[4])) then return 1 end
local session = unpack_session(state)
local idle, absolute = lifetimes_of(session, grant, tonumber(ARGV[3]), tonumber(ARGV[4]))
if session.created_at <= everything_until(meta, tonumber(ARGV[7])) then return 1 end
if at >= expires_at(session, idle, absolute) then return 1 end
if grant ~= ARGV[5] then return 0 end
if ARGV[6] == '' then return state end

session.bound = true
state = pack_session(session)
redis.call('HSET', user, field, state, '.' .. field, ARGV[6])
return state
