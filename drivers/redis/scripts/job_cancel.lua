#!lua flags=allow-oom
-- SPDX-License-Identifier: MIT
-- uses: sweep
-- Cancels a live job. ARGV: UUID. Returns R removed, A asked to stop, or N where there is none.
local lease = call('HGET', P .. 'leases', ARGV[1])
local letter = 'N'
if lease then
    mark_job(ARGV[1], lease)
    letter = 'A'
elseif cancel_job(ARGV[1]) then
    letter = 'R'
end
wake_all()
return letter
