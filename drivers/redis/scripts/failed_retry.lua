#!lua flags=allow-oom
-- SPDX-License-Identifier: MIT
-- uses: failed
-- Failed jobs become live again, in this order. ARGV: their uuids. Returns how many did.
local retried = 0

-- Its unique key is held again, where nobody else holds it and its time is not over.
local function lock_again(uuid, key, unique)
    local left = tonumber(call('HGET', key, 'unique_end')) - now
    if not is_locked(sub(unique, 2)) and (sub(unique, 1, 1) ~= 't' or left > 0) then
        lock(uuid, unique, left)
    end
end

local function retry(uuid, job)
    local key = P .. 'job:' .. uuid
    call('PERSIST', key)
    call('HDEL', key, 'failed', 'exception', 'cause', 'worker', 'connection')
    if job.batch then
        reopen_batch(job.batch, uuid)
    end
    if job.unique then
        lock_again(uuid, key, job.unique)
    end
    job.meta.attempts = 0
    job.meta.number = call('INCR', P .. 'seq')
    put_ready(uuid, job.meta)
    call('HSET', key, 'meta', write_meta(job.meta))
    call('SADD', P .. 'queues', job.meta.queue)
end

for _, uuid in ipairs(ARGV) do
    local job = take_failed(uuid)
    if job then
        retried = retried + 1
        retry(uuid, job)
    end
end
wake_all()
return retried
