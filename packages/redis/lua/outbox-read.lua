-- Reads the next messages that a receiver has not settled: first those that were read before, then new ones.
-- KEYS  outbox
-- ARGV  receiver, id of the message to read on from, most messages, for how many milliseconds messages are kept
-- returns {whether there may be more (1), {id, {name, value ...}} ...}
local outbox, receiver, most = KEYS[1], ARGV[1], tonumber(ARGV[3])
redis.call('XTRIM', outbox, 'MINID', text(math.max(0, server_time() - tonumber(ARGV[4]))))

local reply = { 0 }
local function read(from)
  local count = most - (#reply - 1)
  if count <= 0 then return end
  local command = { 'XREADGROUP', 'GROUP', receiver, CONSUMER, 'COUNT', count, 'STREAMS', outbox, from }
  local streams = redis.pcall(unpack(command))
  if type(streams) == 'table' and streams.err then
    -- The store has lost what it knew of the receiver.
    if not string.find(streams.err, 'NOGROUP', 1, true) then error(streams.err) end
    enroll(outbox, receiver)
    streams = redis.call(unpack(command))
  end
  for _, entry in ipairs(streams and streams[1] and streams[1][2] or {}) do
    if entry[2] then
      reply[#reply + 1] = entry
    else
      -- It was read before, and dropped since then.
      redis.call('XACK', outbox, receiver, entry[1])
      reply[1] = 1
    end
  end
end
read(ARGV[2])
-- What was read before comes first, so all of it must have been looked at.
if reply[1] == 0 then read('>') end
if #reply - 1 >= most then reply[1] = 1 end
return reply
