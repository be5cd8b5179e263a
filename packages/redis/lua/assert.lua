-- Puts back revocations that the store lost, and ends sessions and API keys that reappeared with the data.
-- KEYS  feed, meta, then the user and the API keys of each revocation
-- ARGV  header, then the member of each revocation

-- Skips a burnt generation, if the session has not gone on from it.
local function burn(user, field, generation)
  local state = redis.call('HGET', user, field)
  local session = state and unpack_session(state)
  if not session or session.generation > generation then return end
  -- Of an older record, the generation that it has is the best guess at the one that was presented last.
  if session.generation < generation then session.base = session.generation end
  session.generation, session.confirmed, session.key = generation + 1, false, ''
  redis.call('HSET', user, field, pack_session(session))
end

-- Carries out what a revocation means for its subject, or for the shard.
local function carry_out(user, keys, member)
  local kind = string.sub(member, 1, 1)
  if kind == 'S' or kind == 'G' then
    local field = string.sub(member, 2 + TAG_BYTES, 1 + TAG_BYTES + FIELD_BYTES)
    if kind == 'S' then
      drop_session(user, field)
      return drop_api_key(keys, field)
    end
    return burn(user, field, (struct.unpack('>I4', member, 2 + TAG_BYTES + FIELD_BYTES)))
  end
  local mark = string.match(member, '^u:[^:]*:(.*)$')
  if mark then return mark_subject(user, mark) end
  local everything = string.match(member, '^a:(%d+)$')
  if everything then end_until(KEYS[2], tonumber(everything)) end
end

local at = begin()
if not at then return too_late() end
local members, owners = {}, {}
for i = 2, #ARGV do members[i - 1] = ARGV[i] end
for i = 3, #KEYS do owners[i - 2] = KEYS[i] end
revoke_each(KEYS[1], KEYS[2], members, at, true)
-- A store that lost everything knows no users.
local has_users = #owners > 0 and redis.call('EXISTS', unpack(owners)) > 0
for i, member in ipairs(members) do
  local kind = string.sub(member, 1, 1)
  if has_users or kind == 'u' or kind == 'a' then
    -- The feed has it by now. A user whose own values are damaged must not keep those of the shard from being put back.
    pcall(carry_out, owners[2 * i - 1], owners[2 * i], member)
  end
end
return #members
