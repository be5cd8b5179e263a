-- Puts back revocations that the store lost, and ends sessions that reappeared with the data.
-- KEYS  feed, meta, then the user of each revocation
-- ARGV  header, then for each revocation: member, field of its session ('': none), the generation of it that is burnt
--       ('': the whole session ends), not-before mark of its subject ('': none)

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

local at = begin()
if not at then return too_late() end
for i = 3, #KEYS do
  local first = 2 + (i - 3) * 4
  local member, field, burnt, mark = ARGV[first], ARGV[first + 1], ARGV[first + 2], ARGV[first + 3]
  revoke(KEYS[1], KEYS[2], member, at)
  -- The feed has it by now. A user whose own values are damaged must not keep those of the shard from being put back.
  pcall(function()
    if burnt ~= '' then
      burn(KEYS[i], field, tonumber(burnt))
    elseif field ~= '' then
      drop_session(KEYS[i], field)
    end
    if mark ~= '' then mark_subject(KEYS[i], mark) end
  end)
end
return #KEYS - 2
