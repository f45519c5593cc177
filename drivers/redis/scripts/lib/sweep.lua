-- SPDX-License-Identifier: MIT
-- uses: ending
-- Cancels the jobs of a batch that was cancelled, about SWEPT_MAX at a time: waiting ones are removed,
-- reserved ones marked. Until it is through, the batch is in the set `sweeping`, and a job of it that is
-- reserved meanwhile is dropped. Returns how many were removed, and whether all is done.
local function mark_job(uuid, lease_text)
    local lease = read_lease(lease_text)
    call('HSET', P .. 'job:' .. uuid, 'cancelled', 1)
    if lease.flag ~= 'x' then
        call('HSET', P .. 'leases', uuid, sub(lease_text, 1, 19) .. lease.attempt .. '\t' .. lease.owner ..
            '\tx' .. lease.queue)
    end
end

-- Returns whether the job was waiting, and is gone.
local function cancel_job(uuid)
    local lease = call('HGET', P .. 'leases', uuid)
    if lease then
        mark_job(uuid, lease)
        return false
    end
    local job = read_job(uuid)
    if not job or job.failed then
        return false
    end
    remove_waiting(uuid, job.meta)
    return true
end

local function sweep(batch)
    local key, removed = batch_key(batch), 0
    local cursor = call('HGET', key, 'sweep')
    if cursor then
        local answer = call('SSCAN', P .. 'batch-jobs:' .. batch, cursor, 'COUNT', SWEPT_MAX)
        for _, uuid in ipairs(answer[2]) do
            removed = removed + (cancel_job(uuid) and 1 or 0)
        end
        cursor = answer[1]
    end
    if cursor and cursor ~= '0' then
        call('HSET', key, 'sweep', cursor)
        return removed, false
    end
    call('HDEL', key, 'sweep')
    call('SREM', P .. 'sweeping', batch)
    return removed, true
end

-- Goes on with the batches that were cancelled by what happened in this call.
local function sweep_marked()
    while #marked > 0 do
        sweep(table.remove(marked))
    end
end
