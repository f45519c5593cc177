#!lua flags=allow-oom
-- SPDX-License-Identifier: MIT
-- uses: wake promote
-- later: sweep
-- Ends attempts, and reserves the next jobs. It may run where memory is full: it is what empties it.
-- ARGV: OWNER STAMP QUEUE COUNT LEASE_MS CHANNEL IDLE LOST EXPIRATION CONNECTION, then outcomes:
--   'D' ATTEMPT COUNT UUID…                                             done
--   KIND ATTEMPT UUID DELAY ENTRY EXCEPTION CAUSE GROUPS groups…        KIND d, r, u, f or c
-- COUNT is empty where nothing is asked for. CHANNEL is left with the queue where less is found than COUNT, and
-- taken away where it is not (IDLE is 1 where it is there). LOST has the stamps of turns whose answers never came: what
-- they reserved goes back first. Returns which outcomes were applied (empty: all), the time, when the next
-- job is due (-1 none, 0 more may be ready), the uuids of the reserved jobs, and their payloads and metas.
-- What jobs have that are more than themselves is in later(); most have nothing.
local owner, stamp, queue, count = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local key, leases_key = queue_key(queue), P .. 'leases'
local of_queue, of_queue_at = ' ' .. queue, -#queue - 1 -- how the meta of its jobs ends
local POPPED_MAX, BYTES_MAX = 20, 16 * 1024 * 1024

-- --- ending ---

local applied, refused = {}, 0

local function note(is_applied)
    applied[#applied + 1] = is_applied and '1' or '0'
    refused = refused + (is_applied and 0 or 1)
end

-- An attempt that is not plainly of this queue. Returns whether it was its owner's.
local function done_otherwise(uuid, lease, attempt)
    local ending = later()
    if not ending.is_held(lease, owner, attempt) then
        return false
    end
    ending.drop_lease(uuid, ending.read_lease(lease).queue)
    ending.forget(uuid, 'completed')
    return true
end

-- Attempts that are done, the many.
local function done(at, attempt, n)
    local uuids, gone, keys, seen = {}, {}, {}, {}
    for i = 1, n do
        uuids[i] = ARGV[at + i - 1]
    end
    local leases = fields_of(leases_key, uuids)
    local plain = attempt .. '\t' .. owner .. '\t-' .. queue
    for i = 1, n do
        local lease, uuid = leases[i], uuids[i]
        if lease and not seen[uuid] and sub(lease, 20) == plain then
            seen[uuid] = true
            gone[#gone + 1] = uuid
            keys[#keys + 1] = P .. 'job:' .. uuid
            note(true)
        else
            note(not seen[uuid] and done_otherwise(uuid, lease, attempt))
            seen[uuid] = true
        end
    end
    spread('ZREM', key .. ':reserved', gone)
    spread('HDEL', leases_key, gone)
    over_keys('DEL', keys)
end

-- One outcome with all that may belong to it. Returns where the next one is.
local function one(at)
    local ending = later()
    local attempt, uuid = ARGV[at + 1], ARGV[at + 2]
    local groups, after = ending.read_groups(ARGV, at + 8, tonumber(ARGV[at + 7]))
    local lease = call('HGET', leases_key, uuid)
    local is_held = ending.is_held(lease, owner, attempt)
    if is_held then
        ending.drop_lease(uuid, ending.read_lease(lease).queue)
        if #groups > 0 then
            ending.write_groups(ARGV, groups, (ending.judge(ARGV, groups)))
        end
        ending.end_attempt(ARGV[at], uuid, attempt, {
            delay = tonumber(ARGV[at + 3]), entry = ARGV[at + 4], exception = ARGV[at + 5],
            cause = ARGV[at + 6], worker = owner, connection = ARGV[10], expiration = tonumber(ARGV[9]),
        })
    end
    ending.sweep_marked()
    note(is_held)
    return after
end

local function end_attempts(at)
    while at <= #ARGV do
        if ARGV[at] == 'D' then
            local n = tonumber(ARGV[at + 2])
            done(at + 3, ARGV[at + 1], n)
            at = at + 3 + n
        else
            at = one(at)
        end
    end
end

-- --- reserving ---

-- Takes up to n uuids out of the sorted set of the queue, between two scores.
local function pop_sorted(uuids, n, from, to)
    local members = call('ZRANGE', key .. ':priority', from, to, 'BYSCORE', 'LIMIT', 0, n)
    spread('ZREM', key .. ':priority', members)
    for i = 1, #members do
        uuids[#uuids + 1] = sub(members[i], 31)
    end
end

-- Takes up to n uuids out of the queue, in its order.
local function pop(n, has_sorted)
    if not has_sorted then
        return call('LPOP', key, n) or {}
    end
    local uuids = {}
    pop_sorted(uuids, n, '-inf', '0')
    if #uuids < n then
        for _, uuid in ipairs(call('LPOP', key, n - #uuids) or {}) do
            uuids[#uuids + 1] = uuid
        end
    end
    if #uuids < n then
        pop_sorted(uuids, n - #uuids, '(0', '+inf')
    end
    return uuids
end

local out, uuids, reserved, bytes = {}, {}, 0, 0
local leases, ends, first_lease, lease_end

-- The lease of a job that is more than itself, or was tried before; nil where it may not run.
local function other_lease(uuid, meta)
    local attempts, flag = match(meta, '^(%d+) (.)')
    if flag == 'x' and not later().begin_wide(uuid, tonumber(attempts)) then
        return nil
    end
    return now .. stamp .. (attempts + 1) .. '\t' .. owner .. '\t' .. flag .. queue
end

local function reserve_one(uuid)
    local job = call('HMGET', P .. 'job:' .. uuid, 'payload', 'meta')
    local payload, meta = job[1], job[2]
    if not meta or sub(meta, of_queue_at) ~= of_queue then
        return later().drop_stranger(key, uuid)
    end
    local lease = sub(meta, 1, 4) == '0 - ' and first_lease or other_lease(uuid, meta)
    if not lease then
        return
    end
    reserved = reserved + 1
    bytes = bytes + #payload
    uuids[reserved] = uuid
    out[2 * reserved - 1] = payload
    out[2 * reserved] = meta
    leases[2 * reserved + 1] = uuid
    leases[2 * reserved + 2] = lease
    ends[2 * reserved + 1] = lease_end
    ends[2 * reserved + 2] = uuid
end

-- Pops until there is enough, or too much, or nothing more. Returns whether something was left.
local function pop_and_reserve()
    local has_sorted = call('EXISTS', key .. ':priority') == 1
    for _ = 1, POPPED_MAX do
        local wanted = count - reserved
        local popped = wanted > 0 and pop(wanted, has_sorted) or {}
        for i = 1, #popped do
            if bytes < BYTES_MAX then
                reserve_one(popped[i])
            else
                later().untouched(popped[i])
            end
        end
        if wanted == 0 or bytes >= BYTES_MAX then
            return true
        end
        if #popped < wanted then
            return false
        end
    end
    return true
end

-- Reserves up to count jobs, and not much more than BYTES_MAX. Returns when the next one is due.
local function reserve(lease_ms)
    first_lease = now .. stamp .. '1\t' .. owner .. '\t-' .. queue
    lease_end = format('%d', now + lease_ms)
    leases, ends = {HOLDER, HOLDER}, {'+inf', HOLDER}
    local next_due = promote(key)
    local is_left = pop_and_reserve()
    if not is_left then
        local first = call('ZRANGE', key .. ':reserved', 0, 0, 'WITHSCORES')
        if first[2] and tonumber(first[2]) <= now and later().return_expired(queue, 100) > 0 then
            is_left = pop_and_reserve()
        end
    end
    if reserved > 0 then
        spread('HSET', leases_key, leases)
        spread('ZADD', key .. ':reserved', ends)
    end
    return is_left and 0 or next_due and math.max(next_due - now, 0) or -1
end

end_attempts(11)
if ARGV[8] ~= '' then
    later().give_back_lost(owner, ARGV[8])
end
local next_due = 0
if count then
    next_due = reserve(tonumber(ARGV[5]))
    if reserved < count then
        readied[queue] = nil
        if ARGV[6] ~= '' then
            call('SADD', key .. ':idle', ARGV[6])
        end
    elseif ARGV[7] == '1' then
        call('SREM', key .. ':idle', ARGV[6])
    end
end
wake_all()
return {refused > 0 and table.concat(applied) or '', now, next_due, table.concat(uuids, ' '), out}
