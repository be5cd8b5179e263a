-- Keeps an API key, unless its subject has as many as it may have. Drops those that are over.
-- KEYS  API keys, meta
-- ARGV  header, field, record, the most keys
-- returns 1; 0 if there are too many; or the earliest instant at which a key may be created, if it was created earlier
local at = begin()
if not at then return too_late() end
local keys, field, record = KEYS[1], ARGV[2], ARGV[3]
local created_at, ends_at = struct.unpack('>I6I6', record)
local gone_until = everything_until(KEYS[2])
if created_at < good_from(gone_until) then return text(good_from(gone_until)) end
local live, over = fields_of_keys(keys, at, gone_until)
if #live >= tonumber(ARGV[4]) then return 0 end
for _, one in ipairs(over) do drop_api_key(keys, one) end
redis.call('HSET', keys, field, record)
keep(keys, ends_at - at)
return 1
