-- This and the other files of this folder are sent before the text of every script.
--
-- One hash per subject holds everything about it:
--   @           the subject
--   n           <second>:<session>  tokens issued up to this second are refused, except those of the session
--   f           the second of the latest such mark that excepts no session
--   w           the current window in which refreshes are counted, packed (see rotate.lua)
--   x           <millisecond>:<field>  sessions created up to this millisecond are over, except the one of that field. Only
--               of users who had too many sessions to end in one step
--   p           <cursor> <millisecond>  from where on the next sign-in looks for expired sessions, and when the latest
--               session was created. Only of users with many sessions
--   l           the latest sign-in, as the client wrote it (see append.lua)
--   <field>     the state of a session, packed (see unpack_session); <field> is the random part of its id, 16 bytes
--   .<field>    its grant, as the client wrote it: a MAC of 8 bytes, then the client, a zero byte, and more
-- Values stay short so that Redis keeps the hash in its compact encoding.
--
-- One hash per shard, its meta:
--   e, t        a random epoch, and when it began
--   p, d        the latest position on the feed, and the digest of all that was ever on it
--   a           sessions that were made until this millisecond have ended, all of them
--   y           what is known of endings that go on in slices, packed (see note_unfinished). Only while there are any
--
-- One hash per subject with its API keys: by the random part of its id, 16 bytes, the record of each (see api-keys.lua);
-- and by a dot and that part, when it was last used.
--
-- One string per counter: see counters.lua. Two lists per subject with what happened to it before that, failures
-- and all else, the newest first. What was seen lately: see note.lua. Two strings per subject whom the audit trail names:
-- its key there (an id of 22 characters, then 32 bytes) by the subject, and the tag of the subject by that id. An empty
-- string for each thing that has happened once.
--
-- What is on its way to other services: see outbox.lua. What is set up while processes run: see documents.lua.
--
-- On the feed a revoked session is S<tag><field>, in bytes. Other revocations are strings that the client made.

local RETENTION = 1860000
local META_TTL = 6048000000
local CONFIRMED, BODY, OWN_LIFETIMES, KEYED, RETRY_KEY, SENT_KEY, SKIPPED, BOUND_KEY = 1, 2, 4, 8, 16, 32, 64, 128
local RETRY_KEY_BYTES = 6
local TAG_BYTES = 12
local FIELD_BYTES = 16
-- No API key lives longer than 366 days. For a day more, since clocks differ, the end of everything is remembered.
local API_KEY_TTL = 31708800000
-- Two fields a key, for more keys than the core allows.
local MOST_KEY_FIELDS = 500
local SUBJECT_KEY_ID, SUBJECT_KEY_BYTES = 22, 54
local MAC_BYTES = 8
local SESSION_MARK = string.byte('S')
-- A step goes through all fields of a user if there are no more than this. Through more it goes in slices, one a script,
-- since Redis does nothing else meanwhile. To revoke a session takes longest.
local MOST_AT_ONCE = 400
local SLICE, SLICE_TO_END = 300, 120
-- As TOKENS_AHEAD_SECONDS of the core.
local TOKENS_AHEAD = 2

local cached_time
local function server_time()
  if not cached_time then
    local time = redis.call('TIME')
    cached_time = time[1] * 1000 + math.floor(time[2] / 1000)
  end
  return cached_time
end

-- The time to judge by, in milliseconds: the caller's if given, or else this server's.
local function instant(given)
  if given ~= '' then return tonumber(given) end
  return server_time()
end

-- Reads the header, which is the first argument of every step that changes something. Its parts are separated by
-- blanks: the server time until which the caller waits ('': unknown), the time to judge by, the shard, an epoch to use
-- if the shard has none yet, and the channel for news.
--
-- Returns the time to judge by, or nil if the caller no longer waits. The script must then do nothing, since its caller
-- has already reported the step as failed.
local function begin()
  local deadline, at = string.match(ARGV[1], '^(%S*) (%S*)')
  if deadline ~= '' and server_time() > tonumber(deadline) then return nil end
  return instant(at)
end

local function too_late()
  return redis.error_reply('LATE the caller no longer waits')
end

local function text(number)
  return string.format('%.0f', number)
end

-- Makes a key live at least so long.
local function keep(key, milliseconds)
  if redis.call('PTTL', key) < milliseconds then
    redis.call('PEXPIRE', key, text(milliseconds))
  end
end
