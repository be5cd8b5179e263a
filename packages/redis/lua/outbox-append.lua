-- Appends a message that the client made.
-- KEYS  outbox
-- ARGV  header, message
local at = begin()
if not at then return too_late() end
append_to_outbox(KEYS[1], 'p', ARGV[2])
keep(KEYS[1], OUTBOX_TTL)
return 1
