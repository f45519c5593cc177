#!lua flags=no-writes
-- SPDX-License-Identifier: MIT
-- uses: figures
-- ARGV: EXPIRATION, then the queue (none: all). Returns for each queue: name, pending, reserved, delayed,
-- failed, and for how long its oldest ready job has been due (-1: none is ready).
local expiration = tonumber(ARGV[1])
local queues, rows = ARGV[2] and {ARGV[2]} or call('SMEMBERS', P .. 'queues'), {}
for _, queue in ipairs(queues) do
    local pending, reserved, delayed, failed = counts(queue, expiration)
    local since = oldest_due(queue)
    for _, value in ipairs({queue, pending, reserved, delayed, failed, since < 0 and -1 or now - since}) do
        rows[#rows + 1] = value
    end
end
return rows
