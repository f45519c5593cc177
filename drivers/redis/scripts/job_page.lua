#!lua flags=allow-oom
-- SPDX-License-Identifier: MIT
-- uses: rows
-- A page of the live jobs of a queue in their order: reserved, ready, delayed. ARGV: QUEUE STATES (letters of
-- what is wanted) OFFSET LIMIT. Returns the next offset (-1: it was the last page) and rows.
local BYTES_MAX = 8 * 1024 * 1024
local queue, states, offset, limit = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local key = queue_key(queue)
local rows, bytes = {}, 0

-- The reserved uuids in the order that they had.
local function reserved_uuids()
    local list = {}
    for _, uuid in ipairs(call('ZRANGE', key .. ':reserved', '-inf', '(+inf', 'BYSCORE')) do
        local text = call('HGET', P .. 'job:' .. uuid, 'meta')
        if text then
            local meta = read_meta(text)
            list[#list + 1] = {format('%+05d', 1000 - meta.priority) .. priority_member(meta.due, meta.number, ''), uuid}
        end
    end
    table.sort(list, function(a, b)
        return a[1] < b[1]
    end)
    for i = 1, #list do
        list[i] = list[i][2]
    end
    return list
end

local function cut(members, uuid_at)
    for i = 1, #members do
        members[i] = sub(members[i], uuid_at)
    end
    return members
end

-- The stretches of the order: which state, how long, and its uuids from one rank to another.
local function stretches()
    local reserved = reserved_uuids()
    local prior = key .. ':priority'
    local high, all = call('ZCOUNT', prior, '-inf', 0), call('ZCARD', prior)
    return {
        {'R', #reserved, function(from, to)
            return {unpack(reserved, from + 1, to + 1)}
        end},
        {'Y', high, function(from, to)
            return cut(call('ZRANGE', prior, from, to), 31)
        end},
        {'Y', call('LLEN', key), function(from, to)
            return call('LRANGE', key, from, to)
        end},
        {'Y', all - high, function(from, to)
            return cut(call('ZRANGE', prior, high + from, high + to), 31)
        end},
        {'D', call('ZCARD', key .. ':delayed'), function(from, to)
            return cut(call('ZRANGE', key .. ':delayed', from, to), 21)
        end},
    }
end

promote(key)
local at = 0
for _, stretch in ipairs(stretches()) do
    local length = string.find(states, stretch[1], 1, true) and stretch[2] or 0
    local from = math.max(offset - at, 0)
    local wanted = math.min(length - from, limit)
    if wanted > 0 and bytes < BYTES_MAX then
        for _, uuid in ipairs(stretch[3](from, from + wanted - 1)) do
            if bytes < BYTES_MAX then
                bytes = bytes + add_job(rows, uuid, queue)
                limit, offset = limit - 1, offset + 1
            end
        end
    end
    at = at + length
end
return {offset < at and offset or -1, rows}
