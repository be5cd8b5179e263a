-- Erases the dead letters of a subject. Of what still waits for it, none is kept from now on.
-- KEYS  dead letters, forgotten subjects
-- ARGV  header, subject, its tag, for how many milliseconds messages are kept
local MAC_BYTES, CLOCKS_APART = 16, 30000
local at = begin()
if not at then return too_late() end
local dead, forgotten, kept = KEYS[1], KEYS[2], tonumber(ARGV[4])
for _, letter in ipairs(redis.call('LRANGE', dead, 0, -1)) do
  local is_json, read = pcall(cjson.decode, string.sub(letter, MAC_BYTES + 1))
  if is_json and type(read) == 'table' and read.subject == ARGV[2] then redis.call('LREM', dead, 0, letter) end
end
redis.call('ZADD', forgotten, text(at + CLOCKS_APART), ARGV[3])
redis.call('ZREMRANGEBYSCORE', forgotten, '-inf', text(at - kept))
redis.call('PEXPIRE', forgotten, text(kept + CLOCKS_APART))
return 1
