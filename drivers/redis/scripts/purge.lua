#!lua flags=allow-oom
-- SPDX-License-Identifier: MIT
-- uses: ending
-- Removes waiting jobs of a queue, some a call. ARGV: QUEUE LIMIT. Returns how many were removed, and how
-- many still wait.
local key, limit = queue_key(ARGV[1]), tonumber(ARGV[2])
local keys, removed = {}, 0

local function remove(uuid)
    local text = call('HGET', P .. 'job:' .. uuid, 'meta')
    if not is_of(text, ARGV[1]) then
        drop_stranger(key, uuid)
    elseif read_meta(text).flag == 'x' then
        removed = removed + 1
        forget(uuid, 'cancelled')
    else
        removed = removed + 1
        keys[#keys + 1] = P .. 'job:' .. uuid
    end
end

local function remove_sorted(part, uuid_at)
    local members = call('ZRANGE', key .. part, 0, limit - 1)
    spread('ZREM', key .. part, members)
    for _, member in ipairs(members) do
        remove(sub(member, uuid_at))
    end
end

for _, uuid in ipairs(call('LPOP', key, limit) or {}) do
    remove(uuid)
end
remove_sorted(':priority', 31)
remove_sorted(':delayed', 21)
over_keys('DEL', keys)
wake_all()
return {removed, call('LLEN', key) + call('ZCARD', key .. ':priority') + call('ZCARD', key .. ':delayed')}
