#!lua flags=no-writes
-- SPDX-License-Identifier: MIT
-- uses: batch
-- Batches, newest first. ARGV: UUID (empty: all) AFTER (empty: from the newest) LIMIT. Returns a row for each:
-- uuid, name, allow_failures, the five counters, three times, and the texts of three callbacks.
local FIELDS = {
    'name', 'allow_failures', 'total', 'pending', 'completed', 'failed', 'cancelled', 'created_at',
    'cancelled_at', 'finished_at',
}
local CALLBACKS = {'success', 'failure', 'finish'}
local rows = {}

local function add_row(batch)
    local key = batch_key(batch)
    local found, row = call('HMGET', key, unpack(FIELDS)), {batch}
    if not found[8] then
        return
    end
    for i = 1, #FIELDS do
        row[i + 1] = found[i] or ''
    end
    for _, name in ipairs(CALLBACKS) do
        local packed = call('HGET', key, name)
        row[#row + 1] = packed and cmsgpack.unpack(packed) or {}
    end
    rows[#rows + 1] = row
end

local function add_page(after, limit)
    local index, from = P .. 'batches', 0
    if after ~= '' then
        from = call('ZREVRANK', index, after)
        from = from and from + 1 or call('ZCARD', index)
    end
    for _, batch in ipairs(call('ZRANGE', index, from, from + limit - 1, 'REV')) do
        add_row(batch)
    end
end

if ARGV[1] ~= '' then
    add_row(ARGV[1])
else
    add_page(ARGV[2], tonumber(ARGV[3]))
end
return rows
