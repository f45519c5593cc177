-- SPDX-License-Identifier: MIT
-- Queues in which something has become ready, and how many jobs; their idle workers are woken at the end.
local readied = {}

local function is_ready(queue, count)
    readied[queue] = (readied[queue] or 0) + count
end

-- Wakes about as many idle workers as there are jobs. A worker that is gone does not hear it.
local function wake(queue, count)
    local key = queue_key(queue) .. ':idle'
    while count > 0 do
        local idle = call('SPOP', key, math.min(count, 1000))
        if #idle == 0 then
            return
        end
        for i = 1, #idle do
            if call('PUBLISH', P .. 'wake:' .. idle[i], queue) > 0 then
                count = count - 1
            end
        end
    end
end

local function wake_all()
    for queue, count in pairs(readied) do
        wake(queue, count)
    end
end
