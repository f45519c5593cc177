#!lua flags=no-writes
-- SPDX-License-Identifier: MIT
-- uses: rows
-- Live jobs by their uuids, as rows. ARGV: uuids.
local rows = {}
for _, uuid in ipairs(ARGV) do
    add_job(rows, uuid)
end
return rows
