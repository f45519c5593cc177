-- SPDX-License-Identifier: MIT
-- uses: ready
-- Figures of a queue.

-- When the first job of the list was due; nil where there is none. Ghosts stand before it at most.
local function list_due(queue)
    local key = queue_key(queue)
    for _, uuid in ipairs(call('LRANGE', key, 0, 99)) do
        local text = call('HGET', P .. 'job:' .. uuid, 'meta')
        if is_of(text, queue) then
            return read_meta(text).due
        end
    end
end

-- When the job of any priority that has been due for the longest was due.
local function priority_due(key)
    local oldest, from = nil, '-inf'
    repeat
        local head = call('ZRANGE', key .. ':priority', from, '+inf', 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')
        if head[1] then
            local due = tonumber(sub(head[1], 1, 15))
            oldest = math.min(oldest or due, due)
            from = '(' .. head[2]
        end
    until not head[1]
    return oldest
end

local function delayed_due(key)
    local head = call('ZRANGE', key .. ':delayed', 0, 0, 'WITHSCORES')
    local due = tonumber(head[2])
    return due and due <= now and due or nil
end

-- Since when the oldest ready job has been due; -1 where none is ready.
local function oldest_due(queue)
    local key, oldest = queue_key(queue), nil
    for _, due in pairs({list_due(queue) or false, priority_due(key) or false, delayed_due(key) or false}) do
        if due then
            oldest = math.min(oldest or due, due)
        end
    end
    return oldest or -1
end

-- pending, reserved, delayed, failed
local function counts(queue, expiration)
    local key = queue_key(queue)
    local due = call('ZCOUNT', key .. ':delayed', '-inf', now)
    local pending = call('LLEN', key) - call('SCARD', key .. ':ghosts') + call('ZCARD', key .. ':priority')
    local kept_since = expiration > 0 and '(' .. (now - expiration) or '-inf'
    return pending + due, call('ZCOUNT', key .. ':reserved', '-inf', '(+inf'), call('ZCARD', key .. ':delayed') - due,
        call('ZCOUNT', key .. ':failed', kept_since, '+inf')
end
