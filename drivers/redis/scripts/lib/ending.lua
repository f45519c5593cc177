-- SPDX-License-Identifier: MIT
-- uses: batch
-- Jobs on their way out.
--   queue:Q:reserved   sorted set: score end of the lease, member UUID; and HOLDER
--   leases             hash: HOLDER, and UUID is RESERVED_AT(13) STAMP(6) ATTEMPT tab OWNER tab FLAG QUEUE, where the flag is
--                      x for a job that is more than itself (batch, unique key) or was cancelled
--   queue:Q:failed, failed     sorted sets: score failed at, member NUMBER(15) UUID, of a queue and of all
local HISTORY_MAX = 20

local function read_lease(text)
    local attempt, owner, flag, queue = match(text, '^(%d+)\t(.-)\t(.)(.+)$', 20)
    return {
        since = sub(text, 1, 13), stamp = sub(text, 14, 19), attempt = tonumber(attempt), owner = owner,
        flag = flag, queue = queue,
    }
end

-- Whether a lease is that of this owner and attempt.
local function is_held(lease, owner, attempt)
    local expected = attempt .. '\t' .. owner .. '\t'
    return lease and sub(lease, 20, 19 + #expected) == expected
end

local function drop_lease(uuid, queue)
    call('HDEL', P .. 'leases', uuid)
    call('ZREM', queue_key(queue) .. ':reserved', uuid)
end

-- Gives a unique key free, where this job holds it.
local function unlock(uuid, unique)
    local key = unique and P .. 'unique:' .. sub(unique, 2)
    if key and call('GET', key) == uuid then
        call('DEL', key)
    end
end

-- The job is gone.
local function forget(uuid, how)
    local key = P .. 'job:' .. uuid
    local found = call('HMGET', key, 'batch', 'unique')
    call('DEL', key)
    unlock(uuid, found[2])
    if found[1] then
        count_ended(found[1], uuid, how)
    end
end

-- Takes a waiting job away.
local function remove_waiting(uuid, meta)
    take_out(uuid, meta)
    forget(uuid, 'cancelled')
end

-- Adds a JSON object to the history of a job; it is one line an attempt. The time is put in here.
local function add_history(key, entry)
    if entry == '' then
        return
    end
    local lines = call('HGET', key, 'history')
    local line = gsub(entry, '"at":0', '"at":' .. now, 1)
    lines = lines and lines .. '\n' .. line or line
    local _, breaks = gsub(lines, '\n', '\n')
    if breaks >= HISTORY_MAX then
        lines = gsub(lines, '^[^\n]*\n', '', 1)
    end
    call('HSET', key, 'history', lines)
end

local function is_cancelled(found)
    return found.cancelled or (found.batch and call('HGET', batch_key(found.batch), 'cancelled_at'))
end

local function read_job(uuid)
    local found = call('HMGET', P .. 'job:' .. uuid, 'meta', 'batch', 'cancelled', 'failed', 'unique')
    return found[1] and {
        meta = read_meta(found[1]), batch = found[2], cancelled = found[3], failed = found[4],
        unique = found[5],
    }
end

-- Ends an attempt that counts; its job goes on after a delay (nil: at the place that it had), or is cancelled.
-- The lease is gone already.
local function next_attempt(uuid, attempt, delay, entry)
    local key, job = P .. 'job:' .. uuid, read_job(uuid)
    if not job then
        return
    end
    if is_cancelled(job) then
        return forget(uuid, 'cancelled')
    end
    job.meta.attempts = attempt
    add_history(key, entry)
    if not delay then
        put_back(uuid, job.meta)
    elseif delay > 0 then
        put_delayed(uuid, job.meta, delay)
    else
        put_ready(uuid, job.meta)
    end
    call('HSET', key, 'meta', write_meta(job.meta))
    call('HDEL', key, 'progress', 'progress_text')
end

-- Ends an attempt that had not begun.
local function untouched(uuid)
    local job = read_job(uuid)
    if not job then
        return
    end
    if is_cancelled(job) then
        return forget(uuid, 'cancelled')
    end
    put_back(uuid, job.meta)
end

-- Moves a job to the failed ones, where it stays for outcome.expiration (0: for good).
local function fail(uuid, attempt, outcome)
    local key, job = P .. 'job:' .. uuid, read_job(uuid)
    if not job then
        return
    end
    local number = call('INCR', P .. 'seq')
    local member = format('%015d%s', number, uuid)
    job.meta.attempts = attempt
    add_history(key, outcome.entry)
    call('HSET', key, 'meta', write_meta(job.meta), 'failed', now .. ' ' .. number, 'exception',
         outcome.exception, 'cause', outcome.cause, 'worker', outcome.worker, 'connection',
         outcome.connection)
    call('HDEL', key, 'progress', 'progress_text', 'cancelled')
    call('ZADD', queue_key(job.meta.queue) .. ':failed', now, member)
    call('ZADD', P .. 'failed', now, member)
    if outcome.expiration > 0 then
        call('PEXPIRE', key, outcome.expiration)
    end
    unlock(uuid, job.unique)
    if job.batch then
        count_ended(job.batch, uuid, 'failed')
    end
end

local endings = {
    d = function(uuid)
        forget(uuid, 'completed')
    end,
    r = function(uuid, attempt, outcome)
        next_attempt(uuid, attempt, outcome.delay, outcome.entry)
    end,
    u = function(uuid)
        untouched(uuid)
    end,
    f = function(uuid, attempt, outcome)
        fail(uuid, attempt, outcome)
    end,
    c = function(uuid)
        forget(uuid, 'cancelled')
    end,
}

-- Ends an attempt in one of the ways above. Its lease is gone already.
local function end_attempt(kind, uuid, attempt, outcome)
    endings[kind](uuid, attempt, outcome)
end

-- The next attempt of a job that is more than itself. Returns whether it may run.
local function begin_wide(uuid, attempts)
    local found = call('HMGET', P .. 'job:' .. uuid, 'batch', 'unique')
    if found[1] and call('SISMEMBER', P .. 'sweeping', found[1]) == 1 then
        forget(uuid, 'cancelled')
        return false
    end
    if attempts == 0 and found[2] and sub(found[2], 1, 1) == 's' then
        unlock(uuid, found[2])
    end
    return true
end

-- What turns of an owner reserved whose answers were lost goes back to its place.
local function give_back_lost(owner, stamps)
    local all = call('HGETALL', P .. 'leases')
    for i = 1, #all, 2 do
        local lease = all[i] ~= HOLDER and read_lease(all[i + 1])
        if lease and lease.owner == owner and string.find(stamps, lease.stamp, 1, true) then
            drop_lease(all[i], lease.queue)
            untouched(all[i])
        end
    end
end

-- Ends attempts whose owner does not end them. ended is a list of {uuid, lease, cause, delay}, where an attempt
-- without a cause had not begun. They go back in the order of their push.
local function return_leases(ended)
    for _, one in ipairs(ended) do
        local job = read_job(one.uuid)
        one.number = job and job.meta.number or 0
    end
    table.sort(ended, function(a, b)
        return a.number < b.number
    end)
    for _, one in ipairs(ended) do
        drop_lease(one.uuid, one.lease.queue)
        if one.cause then
            next_attempt(one.uuid, one.lease.attempt, one.delay, '{"attempt":' .. one.lease.attempt ..
                ',"at":0,"worker":' .. cjson.encode(one.lease.owner) .. ',"cause":"' .. one.cause .. '"}')
        else
            untouched(one.uuid)
        end
    end
end

-- Returns leases of a queue that have run out: those attempts count. At most so many. Returns how many did,
-- and when the next one will.
local function return_expired(queue, most)
    local reserved = queue_key(queue) .. ':reserved'
    local head = call('ZRANGE', reserved, 0, 0, 'WITHSCORES')
    local first_end = tonumber(head[2]) or math.huge
    if first_end > now then
        return 0, first_end
    end
    local uuids = call('ZRANGE', reserved, '-inf', now, 'BYSCORE', 'LIMIT', 0, most)
    local ended = {}
    for _, uuid in ipairs(uuids) do
        local text = call('HGET', P .. 'leases', uuid)
        if text then
            ended[#ended + 1] = {uuid = uuid, lease = read_lease(text), cause = 'lease', delay = 0}
        else
            drop_lease(uuid, queue)
        end
    end
    return_leases(ended)
    head = call('ZRANGE', reserved, 0, 0, 'WITHSCORES')
    return #uuids, tonumber(head[2]) or math.huge
end
