-- SPDX-License-Identifier: MIT
-- uses: push
-- Batches. batch:UUID is a hash: name, allow_failures, total, pending, completed, failed, cancelled,
-- created_at, cancelled_at, finished_at, sweep, and the callbacks success, failure and finish, each the
-- packed arguments of a push, with fired_NAME once it was pushed. batch-jobs:UUID are its live jobs.
local SWEPT_MAX = 1000

-- Pushes a callback, once.
local function fire(batch, name)
    local key = batch_key(batch)
    local packed = call('HGET', key, name)
    if packed and call('HSETNX', key, 'fired_' .. name, 1) == 1 then
        local args = cmsgpack.unpack(packed)
        local groups = read_groups(args, 1, 1)
        write_groups(args, groups, (judge(args, groups)))
    end
end

-- The batch has come to its end when nothing of it is pending.
local function finish_if_done(batch)
    local key = batch_key(batch)
    local found = call('HMGET', key, 'pending', 'completed', 'total')
    local total = tonumber(found[3] or 0)
    if tonumber(found[1] or 0) > 0 then
        return
    end
    call('HSET', key, 'finished_at', now)
    call('ZADD', P .. 'finished-batches', now, batch)
    if total > 0 and tonumber(found[2] or 0) == total then
        fire(batch, 'success')
    end
    fire(batch, 'finish')
end

-- Batches that have been cancelled here, whose jobs must follow (lib/sweep.lua).
local marked = {}

-- Says that a batch is cancelled.
local function mark_cancelled(batch)
    local key = batch_key(batch)
    if call('HSETNX', key, 'cancelled_at', now) == 1 then
        call('SADD', P .. 'sweeping', batch)
        call('HSET', key, 'sweep', 0)
        marked[#marked + 1] = batch
    end
end

-- Counts a live job of a batch as completed, failed or cancelled.
local function count_ended(batch, uuid, how)
    local key = batch_key(batch)
    if call('SREM', P .. 'batch-jobs:' .. batch, uuid) == 0 then
        return
    end
    call('HINCRBY', key, how, 1)
    call('HINCRBY', key, 'pending', -1)
    if how == 'failed' then
        fire(batch, 'failure')
        if call('HGET', key, 'allow_failures') ~= '1' then
            mark_cancelled(batch)
        end
    end
    finish_if_done(batch)
end

-- A failed job of a batch is pending again, and the batch open.
local function reopen_batch(batch, uuid)
    local key = batch_key(batch)
    if call('EXISTS', key) == 1 then
        call('HINCRBY', key, 'failed', -1)
        call('HINCRBY', key, 'pending', 1)
        call('HDEL', key, 'finished_at', 'cancelled_at', 'sweep')
        call('SREM', P .. 'sweeping', batch)
        call('ZREM', P .. 'finished-batches', batch)
        call('SADD', P .. 'batch-jobs:' .. batch, uuid)
    end
end
