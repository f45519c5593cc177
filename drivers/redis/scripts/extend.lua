#!lua flags=allow-oom
-- SPDX-License-Identifier: MIT
-- uses: ending
-- Makes leases last. ARGV: OWNER LEASE_MS, then UUID ATTEMPT PROGRESS TEXT for each; PROGRESS is empty
-- where it is as it was. Returns a letter for each: H held, L lost, C held and cancelled.
local owner, lease_ms = ARGV[1], tonumber(ARGV[2])
local letters, ends = {}, {}

local function note_progress(key, progress, text)
    call('HSET', key, 'progress', progress)
    if text ~= '' then
        call('HSET', key, 'progress_text', text)
    else
        call('HDEL', key, 'progress_text')
    end
end

local function extend(uuid, attempt, progress, text)
    local found = call('HGET', P .. 'leases', uuid)
    if not is_held(found, owner, attempt) then
        return 'L'
    end
    local lease = read_lease(found)
    local of_queue = ends[lease.queue] or {}
    of_queue[#of_queue + 1] = now + lease_ms
    of_queue[#of_queue + 1] = uuid
    ends[lease.queue] = of_queue
    local key = P .. 'job:' .. uuid
    if progress ~= '' and call('EXISTS', key) == 1 then
        note_progress(key, progress, text)
    end
    local job = lease.flag == 'x' and read_job(uuid)
    return job and is_cancelled(job) and 'C' or 'H'
end

for at = 3, #ARGV, 4 do
    letters[#letters + 1] = extend(ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3])
end
for queue, list in pairs(ends) do
    spread('ZADD', queue_key(queue) .. ':reserved', list)
end
return table.concat(letters)
