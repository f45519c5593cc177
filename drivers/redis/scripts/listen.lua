#!lua flags=allow-oom
-- SPDX-License-Identifier: MIT
-- uses: wake promote
-- Leaves the channel of a worker that is about to wait. ARGV: QUEUE CHANNEL. Where something is ready, it is
-- woken at once.
local key = queue_key(ARGV[1])
promote(key)
call('SADD', key .. ':idle', ARGV[2])
if call('EXISTS', key, key .. ':priority') > 0 then
    wake(ARGV[1], 1)
end
return 1
