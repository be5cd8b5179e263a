-- One hash has all documents: by its name, the version of each, a blank, and what the client wrote. A hash for each set has
-- its members as fields.

-- The version of a document ('0': nobody has written it; '': it is damaged).
local function version_of(documents, name)
  local document = redis.call('HGET', documents, name)
  if not document then return '0' end
  return string.match(document, '^(%d+) ') or ''
end
