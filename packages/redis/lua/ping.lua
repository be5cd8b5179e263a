-- Finds out at little cost whether the server carries out scripts and accepts writes.
-- KEYS  scratch
redis.call('HSET', KEYS[1], 'a', '1')
redis.call('PEXPIRE', KEYS[1], 1000)
return 1
