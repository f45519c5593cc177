-- SPDX-License-Identifier: MIT
-- uses: batch
-- Makes a batch; one that is there already stays as it is. ARGV: UUID NAME ALLOW_FAILURES, then for each
-- callback its name, the number of texts behind it, and those: the group of one job (lib/push.lua).
local key = batch_key(ARGV[1])
if make_batch(ARGV[1]) then
    call('HSET', key, 'name', ARGV[2], 'allow_failures', ARGV[3])
    local at = 4
    while at <= #ARGV do
        local last = at + 1 + tonumber(ARGV[at + 1])
        call('HSET', key, ARGV[at], cmsgpack.pack({unpack(ARGV, at + 2, last)}))
        at = last + 1
    end
end
return 1
