-- SPDX-License-Identifier: MIT
-- uses: ending
-- A live job as it is listed: uuid, state (R reserved, Y ready, D delayed), payload, meta, lease, cancelled,
-- progress, its text, history; what there is not is empty.
local ROW_SIZE = 9

-- Appends the row of a job; nothing where it is not a live one, or not of the queue (nil: of any).
-- Returns how many bytes it has.
local function add_job(rows, uuid, queue)
    local found = call('HMGET', P .. 'job:' .. uuid, 'payload', 'meta', 'cancelled', 'progress',
                       'progress_text', 'history', 'failed', 'batch')
    if not found[2] or found[7] or (queue and not is_of(found[2], queue)) then
        return 0
    end
    local lease = call('HGET', P .. 'leases', uuid)
    local state = lease and 'R' or read_meta(found[2]).due > now and 'D' or 'Y'
    local cancelled = lease and is_cancelled({cancelled = found[3], batch = found[8]}) and '1' or ''
    for _, value in ipairs({
        uuid, state, found[1], found[2], lease or '', cancelled, found[4] or '', found[5] or '',
        found[6] or '',
    }) do
        rows[#rows + 1] = value
    end
    return #found[1] + #(found[6] or '')
end
