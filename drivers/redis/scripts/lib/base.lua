-- SPDX-License-Identifier: MIT
-- What every script begins with. KEYS[1] is the prefix that all keys share; on a cluster its hash tag
-- brings them together. Nothing here reads a clock but Redis's own.
local P, call = KEYS[1], redis.call
local sub, gsub, format, match = string.sub, string.gsub, string.format, string.match
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- How many arguments a command gets at once: Lua's stack takes 8,000.
local ARGUMENTS_MAX = 4000

-- The key of a queue; its parts are behind it. A colon in a name is written otherwise, or the parts of
-- one queue could be another queue.
local function queue_key(queue)
    return P .. 'queue:' .. gsub(queue, ':', '%%3A')
end

-- A command with a key and any number of arguments behind it.
local function spread(command, key, list)
    local n = #list
    for i = 1, n, ARGUMENTS_MAX do
        call(command, key, unpack(list, i, math.min(i + ARGUMENTS_MAX - 1, n)))
    end
end

-- The same with keys alone. Returns the sum of the answers.
local function over_keys(command, keys)
    local n, sum = #keys, 0
    for i = 1, n, ARGUMENTS_MAX do
        sum = sum + call(command, unpack(keys, i, math.min(i + ARGUMENTS_MAX - 1, n)))
    end
    return sum
end

-- The fields of a hash, in their order.
local function fields_of(key, fields)
    if #fields <= ARGUMENTS_MAX then
        return call('HMGET', key, unpack(fields))
    end
    local values = {}
    for i = 1, #fields do
        values[i] = call('HGET', key, fields[i])
    end
    return values
end

-- Redis keeps small sets and hashes as lists that it searches from the front, which costs a turn of a hundred
-- jobs a third of its time. It does not while something as long as this is in them.
local HOLDER = 'this entry, which is longer than 64 bytes, keeps Redis from searching a list'
