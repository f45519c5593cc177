#!lua flags=allow-oom
-- SPDX-License-Identifier: MIT
-- uses: batch
-- Removes batches that finished before a time. ARGV: BEFORE LIMIT. Returns how many.
local index = P .. 'finished-batches'
local batches = call('ZRANGE', index, '-inf', '(' .. ARGV[1], 'BYSCORE', 'LIMIT', 0, ARGV[2])
for _, batch in ipairs(batches) do
    call('DEL', batch_key(batch), P .. 'batch-jobs:' .. batch)
    call('ZREM', P .. 'batches', batch)
    call('SREM', P .. 'sweeping', batch)
end
spread('ZREM', index, batches)
return #batches
