-- Ends everything that was made until an instant. An earlier one does not replace a later one.
local function end_until(meta, milliseconds)
  local known = tonumber(redis.call('HGET', meta, 'a') or 0) or 0
  redis.call('HSET', meta, 'a', text(math.max(known, milliseconds)))
  keep(meta, API_KEY_TTL)
end

local function drop_session(user, field)
  redis.call('HDEL', user, field, '.' .. field)
end

-- Until when the sessions of a subject were ended at once, and the field of the one that was not. Those created up to
-- then are over, whether they have been dropped yet or not. Raises an error if the mark is damaged.
local function made_after(mark)
  if not mark then return -1, '' end
  local ended_at, kept = string.match(mark, '^(%d+):(.*)$')
  if not ended_at or #ended_at > 15 or kept ~= '' and #kept ~= FIELD_BYTES then
    error('a mark of a subject is damaged')
  end
  return tonumber(ended_at), kept
end

-- Whether a session is over by such a mark. A damaged one is not: that is for the steps that read all of it.
local function is_over(state, field, ended_at, kept)
  return ended_at >= 0 and field ~= kept and #state >= CELLS_AT - 1 and struct.unpack('>I6', state, 12) <= ended_at
end

-- Until when everything in the shard has ended, or -1. Nobody has to tell of a session that ended so. The caller may know
-- of an end that was lost here. Raises an error if the mark is damaged.
local function everything_until(meta, known_end)
  local known = known_end and known_end > 0 and known_end or -1
  local milliseconds = redis.call('HGET', meta, 'a')
  if not milliseconds then return known end
  if not string.match(milliseconds, '^%d+$') or #milliseconds > 15 then error('a mark of a shard is damaged') end
  return math.max(known, tonumber(milliseconds))
end

-- The sessions among some fields and values of a user, including those that are over by its mark: they are still to be
-- revoked. Drops those that have expired, or ended with everything else.
local function sessions_among(hash, user, meta, at, idle, absolute)
  local ended_at, kept = made_after(redis.call('HGET', user, 'x'))
  local gone_until = everything_until(meta)
  local unpack, band, found, count = struct.unpack, bit.band, {}, 0
  for i = 1, #hash, 2 do
    local field, state = hash[i], hash[i + 1]
    if #field == FIELD_BYTES then
      -- No more of it than is needed: a user may have thousands.
      local flags, _, rotated_at, created_at = unpack('>BI4I6I6', state)
      local one = { field = field, state = state, rotated_at = rotated_at, created_at = created_at,
        own = band(flags, OWN_LIFETIMES) ~= 0, over = created_at <= ended_at and field ~= kept }
      local its_idle, its_absolute = idle, absolute
      if one.own then
        its_idle, its_absolute = lifetimes_of(one, redis.call('HGET', user, '.' .. field), idle, absolute)
      end
      if created_at <= gone_until or at >= rotated_at + its_idle or at >= created_at + its_absolute then
        drop_session(user, field)
      else
        count = count + 1
        found[count] = one
      end
    end
  end
  return found
end

-- The session that lives on when all others of its subject end, as it then is, or nil if there is no such session.
--
-- It goes on two generations later, so that none of its earlier refresh tokens converges. If its refresh tokens travel in
-- bodies it keeps its generation, since the client cannot be given a new token here.
local function survivor_of(user, meta, field, at, idle, absolute)
  local found = redis.call('HMGET', user, 'x', field, '.' .. field, '@')
  local state, grant = found[2], found[3] or ''
  if not state or is_over(state, field, made_after(found[1])) then return nil end
  local session = unpack_session(state)
  idle, absolute = lifetimes_of(session, grant, idle, absolute)
  if session.created_at <= everything_until(meta) or at >= expires_at(session, idle, absolute) then return nil end
  if not session.body then
    session.generation = session.generation + 2
    session.base, session.key = session.generation - 1, ''
    session.rotated_at, session.confirmed, session.converged = at, false, 0
  end
  return { state = pack_session(session), grant = grant, subject = found[4] or '',
    left = expires_at(session, idle, absolute) - at }
end

-- Gives its state, its grant and the subject.
local function keep_session(user, field, survivor)
  redis.call('HSET', user, field, survivor.state)
  keep(user, survivor.left)
  return survivor.state, survivor.grant, survivor.subject
end

-- The cursor after the next fields and values of a user, these, and whether they are all that there are. The cursor is
-- '0' before the first and after the last.
local function next_slice(user, cursor, size)
  if redis.call('HLEN', user) <= MOST_AT_ONCE then return '0', redis.call('HGETALL', user), true end
  local slice = redis.call('HSCAN', user, cursor, 'COUNT', size)
  return slice[1], slice[2], false
end

-- Where the next sign-in looks for expired sessions, and when the latest session was created, as far as that is known.
local function sign_ins_of(user)
  local cursor, latest = string.match(redis.call('HGET', user, 'p') or '', '^(%d+) (%d+)$')
  if not cursor or #latest > 15 then return '0', 0 end
  return cursor, tonumber(latest)
end

-- Raises an error if the marks of a subject are damaged. Called before the first write, since what a script has written
-- stays.
local function check_marks(user)
  local marks = redis.call('HMGET', user, 'n', 'f')
  if marks[1] and not string.match(marks[1], '^%d+:') or marks[2] and not string.match(marks[2], '^%d+$') then
    error('a mark of a subject is damaged')
  end
end

-- Refuses the tokens that a subject has so far. An earlier mark does not replace a later one.
local function mark_subject(user, mark)
  local full = string.match(mark, '^(%d+):$')
  if full and tonumber(full) >= tonumber(redis.call('HGET', user, 'f') or 0) then
    redis.call('HSET', user, 'f', full)
  end
  local known = redis.call('HGET', user, 'n')
  if not known or tonumber(string.match(known, '^%d+')) <= tonumber(string.match(mark, '^%d+')) then
    redis.call('HSET', user, 'n', mark)
  end
  keep(user, RETENTION)
end

-- The earliest second that a new token may name as its time of issue, so that neither the mark of its subject nor the end
-- of everything hits it, nor what the caller knows of marks that were lost here.
local function issue_from(mark, gone_until, known_mark)
  local after_mark = mark and tonumber(string.match(mark, '^%d+')) + 1 or 0
  local after_all = gone_until >= 0 and math.floor(gone_until / 1000) + TOKENS_AHEAD + 1 or 0
  return math.max(after_mark, after_all, known_mark + 1)
end

-- Of each ending that goes on in slices, one after the other, the earliest first: the tag, the time from which on it counts
-- as broken off, and the lifetimes, in 6 bytes each. Of so many at once no more are noted.
local NOTE_BYTES, MOST_NOTES = TAG_BYTES + 18, 1000
local LEFT_ALONE = 30000

-- The notes without that of one subject. Damaged ones are given up.
local function notes_without(meta, tag)
  local notes, others = redis.call('HGET', meta, 'y') or '', {}
  if #notes % NOTE_BYTES ~= 0 then return '' end
  for first = 1, #notes, NOTE_BYTES do
    local note = string.sub(notes, first, first + NOTE_BYTES - 1)
    if string.sub(note, 1, TAG_BYTES) ~= tag then others[#others + 1] = note end
  end
  return table.concat(others)
end

local function note_unfinished(meta, tag, idle, absolute)
  local others = notes_without(meta, tag)
  if #others >= MOST_NOTES * NOTE_BYTES then return end
  local note = tag .. struct.pack('>I6I6I6', server_time() + LEFT_ALONE, idle, absolute)
  redis.call('HSET', meta, 'y', others .. note)
  keep(meta, META_TTL)
end

local function note_finished(meta, tag)
  if not redis.call('HGET', meta, 'y') then return end
  local others = notes_without(meta, tag)
  if others == '' then redis.call('HDEL', meta, 'y') else redis.call('HSET', meta, 'y', others) end
end

-- The tag and the lifetimes of an ending that broke off, or nothing. It is given to one process at a time, since it then counts as
-- begun anew.
local function next_unfinished(meta, notes)
  if #notes < NOTE_BYTES or #notes % NOTE_BYTES ~= 0 then
    redis.call('HDEL', meta, 'y')
    return {}
  end
  local tag = string.sub(notes, 1, TAG_BYTES)
  local broken_off_at, idle, absolute = struct.unpack('>I6I6I6', notes, TAG_BYTES + 1)
  if server_time() < broken_off_at then return {} end
  note_unfinished(meta, tag, idle, absolute)
  return { tag, text(idle), text(absolute) }
end
