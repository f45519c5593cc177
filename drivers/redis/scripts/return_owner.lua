#!lua flags=allow-oom
-- SPDX-License-Identifier: MIT
-- uses: ending
-- Returns the leases of an owner. ARGV: OWNER CURSOR, then UUID ATTEMPT of those that had begun. It looks
-- at a part of all leases a call, and returns the cursor of the next call (0: it was the last) and how
-- many leases were returned.
local LOOKED_AT = 20000
local begun, ended = {}, {}
for at = 3, #ARGV, 2 do
    begun[ARGV[at]] = tonumber(ARGV[at + 1])
end
local answer = call('HSCAN', P .. 'leases', ARGV[2], 'COUNT', LOOKED_AT)
for i = 1, #answer[2], 2 do
    local uuid = answer[2][i]
    local lease = uuid ~= HOLDER and read_lease(answer[2][i + 1])
    if lease and lease.owner == ARGV[1] then
        ended[#ended + 1] = {uuid = uuid, lease = lease, cause = begun[uuid] == lease.attempt and 'worker'}
    end
end
return_leases(ended)
wake_all()
return {answer[1], #ended}
