#!lua flags=allow-oom
-- SPDX-License-Identifier: MIT
-- uses: failed
-- Removes failed jobs. ARGV: their uuids. Returns how many there were.
local removed = 0
for _, uuid in ipairs(ARGV) do
    if take_failed(uuid) then
        call('DEL', P .. 'job:' .. uuid)
        removed = removed + 1
    end
end
return removed
