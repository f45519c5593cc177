-- SPDX-License-Identifier: MIT
-- Where waiting jobs are.
--   queue:Q            list of uuids: ready, priority 0
--   queue:Q:priority   sorted set beside it: score -priority, member DUE(15) NUMBER(15) UUID. Jobs of
--                      priority 0 in it have been taken from the list before and go before all of it
--   queue:Q:delayed    sorted set: score due, member NUMBER(15) PRIORITY(5) UUID
--   queue:Q:ghosts     set of uuids that are still in the list, but whose jobs are gone
--   queue:Q:strangers  list of entries that no job belongs to: another program's
--   queue:Q:idle       set of the wake-up channels of workers that have found nothing
--   job:UUID meta      ATTEMPTS FLAG DUE NUMBER PRIORITY CREATED QUEUE; flag x: the job is in a batch,
--                      or has a unique key
local PROMOTED_MAX = 1000

local function priority_member(due, number, uuid)
    return format('%015d%015d%s', due, number, uuid)
end

local function delayed_member(number, priority, uuid)
    return format('%015d%+05d%s', number, priority, uuid)
end

-- Moves delayed jobs that are due, in their order. Returns when the next one is due (nil: there is
-- none), and how many were moved.
local function promote(key)
    local delayed = key .. ':delayed'
    local head = call('ZRANGE', delayed, 0, 0, 'WITHSCORES')
    if not head[1] then
        return nil, 0
    end
    local due = tonumber(head[2])
    if due > now then
        return due, 0
    end
    local members = call('ZRANGE', delayed, '-inf', now, 'BYSCORE', 'LIMIT', 0, PROMOTED_MAX)
    local plain, prior = {}, {}
    for i = 1, #members do
        local member = members[i]
        local priority = tonumber(sub(member, 16, 20))
        if priority == 0 then
            plain[#plain + 1] = sub(member, 21)
        else
            local since = call('ZSCORE', delayed, member)
            prior[#prior + 1] = -priority
            prior[#prior + 1] = priority_member(since, sub(member, 1, 15), sub(member, 21))
        end
    end
    spread('RPUSH', key, plain)
    spread('ZADD', key .. ':priority', prior)
    call('ZREMRANGEBYRANK', delayed, 0, #members - 1)
    head = call('ZRANGE', delayed, 0, 0, 'WITHSCORES')
    return tonumber(head[2]), #members
end
