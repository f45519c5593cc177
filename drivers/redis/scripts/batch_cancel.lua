#!lua flags=allow-oom
-- SPDX-License-Identifier: MIT
-- uses: sweep
-- Cancels a batch, some of its jobs a call. ARGV: UUID. Returns how many jobs were removed, and 1 when all is
-- done.
if call('EXISTS', batch_key(ARGV[1])) == 0 then
    return redis.error_reply('NOTFOUND there is no batch ' .. ARGV[1])
end
if not call('HGET', batch_key(ARGV[1]), 'finished_at') then
    mark_cancelled(ARGV[1])
    finish_if_done(ARGV[1]) -- an empty one has nothing to wait for
end
local removed, is_through = sweep(ARGV[1])
wake_all()
return {removed, is_through and 1 or 0}
