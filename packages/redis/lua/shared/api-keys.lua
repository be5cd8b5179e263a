-- The record of an API key begins with when it was created and when it ends, in milliseconds. Its MAC and the rest are
-- the client's.

-- Tokens and API keys that were made before this instant are over, if everything has ended.
local function good_from(gone_until)
  return gone_until >= 0 and (math.floor(gone_until / 1000) + TOKENS_AHEAD + 1) * 1000 or 0
end

-- Whether an API key is over, by its time or with everything else. A damaged one is not: that is for whoever reads it.
local function is_key_over(record, at, gone_until)
  if #record < 12 then return false end
  local created_at, ends_at = struct.unpack('>I6I6', record)
  return at >= ends_at or created_at < good_from(gone_until)
end

-- The fields of the API keys of a subject, and those of the keys that are over.
local function fields_of_keys(keys, at, gone_until)
  if redis.call('HLEN', keys) > MOST_KEY_FIELDS then error('a subject has too many API keys') end
  local hash, live, over = redis.call('HGETALL', keys), {}, {}
  for i = 1, #hash, 2 do
    if #hash[i] == FIELD_BYTES then
      local list = is_key_over(hash[i + 1], at, gone_until) and over or live
      list[#list + 1] = hash[i]
    end
  end
  return live, over
end

local function drop_api_key(keys, field)
  redis.call('HDEL', keys, field, '.' .. field)
end
