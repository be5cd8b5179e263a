-- A stream per shard has what is on its way to other services, and a consumer group of it for each receiver. An entry
-- tells the end of a session:
--   s           the tag and the field of the session
--   u           the subject ('': the store no longer knew it)
--   t           when that was, in milliseconds
-- or has a message that the client made (see outbox-codec.ts):
--   p           a MAC of 16 bytes, then JSON
-- One list per shard has what was given up, the newest first, as the client wrote it. A sorted set per shard has the tags of
-- subjects that were forgotten, by the instant up to which none of their dead letters is kept.

-- No receiver gets more: the oldest are dropped.
local MOST_MESSAGES = 65536
local OUTBOX_TTL = META_TTL
-- Whoever sends is the same consumer, so that it goes on with what an earlier one has left.
local CONSUMER = 'sallyport'

local function append_to_outbox(outbox, ...)
  redis.call('XADD', outbox, 'MAXLEN', '~', MOST_MESSAGES, '*', ...)
end

-- Tells of each session that is among some members of the feed. The first key of every script that ends sessions is the
-- hash of their subject.
local function tell_ended(outbox, members, at)
  local user, instant, subject = KEYS[1], text(at), nil
  for _, member in ipairs(members) do
    if string.byte(member) == SESSION_MARK then
      subject = subject or redis.call('HGET', user, '@') or ''
      append_to_outbox(outbox, 's', string.sub(member, 2), 'u', subject, 't', instant)
    end
  end
  if subject then keep(outbox, OUTBOX_TTL) end
end

-- Makes a receiver known, unless it is. It begins with the oldest message that is kept.
local function enroll(outbox, receiver)
  local reply = redis.pcall('XGROUP', 'CREATE', outbox, receiver, '0', 'MKSTREAM')
  if type(reply) == 'table' and reply.err and not string.find(reply.err, 'BUSYGROUP', 1, true) then error(reply.err) end
  -- It tells when the receiver was last heard of.
  redis.call('XGROUP', 'CREATECONSUMER', outbox, receiver, CONSUMER)
  keep(outbox, OUTBOX_TTL)
end
