#!lua flags=allow-oom
-- SPDX-License-Identifier: MIT
-- uses: note
-- ARGV: KIND PREFIX BEFORE (empty: all) LIMIT. Returns how many notes were removed.
local kind, prefix, limit, removed, keys = ARGV[1], ARGV[2], tonumber(ARGV[4]), 0, nil
repeat
    keys = note_keys(kind, prefix, '[' .. prefix, ARGV[3], math.min(limit - removed, 1000))
    for _, key in ipairs(keys) do
        removed = removed + call('DEL', note_key(kind, key))
    end
    spread('ZREM', note_index(kind), keys)
until #keys == 0 or removed >= limit
return removed
