#!lua flags=allow-oom
-- SPDX-License-Identifier: MIT
-- uses: sweep figures
-- What must be done now and then. ARGV: EXPIRATION. Returns how many leases had run out, and in how many
-- milliseconds the next call is due at the latest.
local RETURNED_MAX, PAUSE_MAX, PAUSE_MIN = 1000, 1000, 10
local expiration, expired, pause = tonumber(ARGV[1]), 0, PAUSE_MAX

local function look_after(queue)
    local key = queue_key(queue)
    local returned, next_end = return_expired(queue, RETURNED_MAX)
    expired = expired + returned
    pause = math.min(pause, math.max(next_end - now, PAUSE_MIN))
    promote(key)
    if expiration > 0 then
        call('ZREMRANGEBYSCORE', key .. ':failed', '-inf', now - expiration)
    end
    local pending, reserved, delayed, failed = counts(queue, 0)
    if pending > 0 then
        readied[queue] = pending
    elseif reserved + delayed + failed == 0 and call('SCARD', key .. ':idle') == 0 then
        call('DEL', key, key .. ':ghosts', key .. ':reserved')
        call('SREM', P .. 'queues', queue)
    end
end

for _, batch in ipairs(call('SMEMBERS', P .. 'sweeping')) do
    local _, is_through = sweep(batch)
    if not is_through then
        pause = PAUSE_MIN
    end
end
for _, queue in ipairs(call('SMEMBERS', P .. 'queues')) do
    look_after(queue)
end
if expiration > 0 then
    call('ZREMRANGEBYSCORE', P .. 'failed', '-inf', now - expiration)
end
wake_all()
return {expired, pause}
