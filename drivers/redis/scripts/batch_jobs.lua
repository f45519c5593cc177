#!lua flags=no-writes
-- SPDX-License-Identifier: MIT
-- A part of the live jobs of a batch, in no order. ARGV: UUID CURSOR. Returns the next cursor (0: it was the
-- last part), the time, then uuid, meta and lease (empty: none) of each.
local answer, rows = call('SSCAN', P .. 'batch-jobs:' .. ARGV[1], ARGV[2], 'COUNT', 1000), {}
for _, uuid in ipairs(answer[2]) do
    local meta = call('HGET', P .. 'job:' .. uuid, 'meta')
    if meta then
        rows[#rows + 1] = uuid
        rows[#rows + 1] = meta
        rows[#rows + 1] = call('HGET', P .. 'leases', uuid) or ''
    end
end
return {answer[1], now, rows}
