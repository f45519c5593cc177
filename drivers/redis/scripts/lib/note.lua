-- SPDX-License-Identifier: MIT
-- Notes. note:KIND:KEY is a hash of value, owner and updated_at that Redis itself expires; notes:KIND is a
-- sorted set of the keys, all of score 0, for their order. What expired is taken out of it when it is met.
local function note_index(kind)
    return P .. 'notes:' .. kind
end

local function note_key(kind, key)
    return P .. 'note:' .. kind .. ':' .. key
end

local function write_note(kind, key, value, owner, ttl)
    local at = note_key(kind, key)
    call('HSET', at, 'value', value, 'owner', owner, 'updated_at', now)
    if tonumber(ttl) > 0 then
        call('PEXPIRE', at, ttl)
    else
        call('PERSIST', at)
    end
    call('ZADD', note_index(kind), 0, key)
end

-- Up to count keys that begin with prefix, from a bound of ZRANGE on, below another (empty: all).
local function note_keys(kind, prefix, from, before, count)
    local to = '[' .. prefix .. '\255'
    if before ~= '' and before < prefix .. '\255' then
        to = '(' .. before
    end
    return call('ZRANGE', note_index(kind), from, to, 'BYLEX', 'LIMIT', 0, count)
end
