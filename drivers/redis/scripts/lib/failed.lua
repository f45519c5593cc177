-- SPDX-License-Identifier: MIT
-- uses: ending
-- Takes a failed job out of the lists of failed ones. Returns it; nil where it is none.
local function take_failed(uuid)
    local job = read_job(uuid)
    if not job or not job.failed then
        return nil
    end
    local member = format('%015d%s', tonumber(match(job.failed, ' (%d+)$')), uuid)
    call('ZREM', queue_key(job.meta.queue) .. ':failed', member)
    call('ZREM', P .. 'failed', member)
    return job
end
