-- SPDX-License-Identifier: MIT
-- uses: note
-- As note_put, but only where nobody else holds the note. Returns whether it is held now.
local owner = call('HGET', note_key(ARGV[1], ARGV[2]), 'owner')
if owner and owner ~= ARGV[4] then
    return 0
end
write_note(ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5])
return 1
