#!lua flags=allow-oom
-- SPDX-License-Identifier: MIT
-- uses: note
-- Notes of a kind in the order of their keys. ARGV: KIND PREFIX AFTER (empty: from the first) LIMIT. Returns
-- key, value, owner, ttl (0: for ever) and time of each; at most about BYTES_MAX at once, and whether more
-- follow.
local BYTES_MAX = 8 * 1024 * 1024
local kind, prefix, after, limit = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local from = after ~= '' and after >= prefix and '(' .. after or '[' .. prefix
local rows, gone, count, bytes, keys = {}, {}, 0, 0, nil

local function add_row(key)
    local at = note_key(kind, key)
    local note = call('HMGET', at, 'value', 'owner', 'updated_at')
    if not note[1] then
        gone[#gone + 1] = key
        return
    end
    count, bytes = count + 1, bytes + #note[1]
    for _, value in ipairs({key, note[1], note[2], math.max(call('PTTL', at), 0), note[3]}) do
        rows[#rows + 1] = value
    end
end

repeat
    keys = note_keys(kind, prefix, from, '', math.min(limit - count, 100))
    for _, key in ipairs(keys) do
        add_row(key)
        from = '(' .. key
    end
until #keys == 0 or count >= limit or bytes >= BYTES_MAX
spread('ZREM', note_index(kind), gone)
return {#keys > 0 and count < limit and 1 or 0, rows}
