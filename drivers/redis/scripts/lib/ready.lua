-- SPDX-License-Identifier: MIT
-- uses: wake promote
-- Waiting jobs: how they come to their place (lib/promote.lua), and leave it.
local function read_meta(text)
    local attempts, flag, due, number, priority, created, queue =
        match(text, '^(%d+) (.) (%d+) (%d+) (-?%d+) (%d+) (.+)$')
    return {
        attempts = tonumber(attempts), flag = flag, due = tonumber(due), number = tonumber(number),
        priority = tonumber(priority), created = created, queue = queue,
    }
end

local function write_meta(meta)
    return meta.attempts .. ' ' .. meta.flag .. ' ' .. meta.due .. ' ' .. meta.number .. ' ' ..
        meta.priority .. ' ' .. meta.created .. ' ' .. meta.queue
end

-- Puts a job behind those that are ready, due now.
local function put_ready(uuid, meta)
    local key = queue_key(meta.queue)
    promote(key)
    meta.due = now
    if meta.priority == 0 then
        call('RPUSH', key, uuid)
    else
        call('ZADD', key .. ':priority', -meta.priority, priority_member(now, meta.number, uuid))
    end
    is_ready(meta.queue, 1)
end

-- Puts a job back to the place that it was taken from.
local function put_back(uuid, meta)
    call('ZADD', queue_key(meta.queue) .. ':priority', -meta.priority,
         priority_member(meta.due, meta.number, uuid))
    is_ready(meta.queue, 1)
end

-- Puts a job aside until it is due. An idle worker that knows a later one only is told.
local function put_delayed(uuid, meta, delay)
    local delayed = queue_key(meta.queue) .. ':delayed'
    local head = call('ZRANGE', delayed, 0, 0, 'WITHSCORES')
    meta.due = now + delay
    call('ZADD', delayed, meta.due, delayed_member(meta.number, meta.priority, uuid))
    if not head[1] or tonumber(head[2]) > meta.due then
        is_ready(meta.queue, 1)
    end
end

-- Whether a job with this meta (or none) is of a queue: the ghost of a job that has come again in
-- another one stands for nothing here.
local function is_of(meta, queue)
    return meta and sub(meta, -#queue - 1) == ' ' .. queue
end

-- An entry of the list that has no job: a ghost, or what another program has put there, which is kept.
local function drop_stranger(key, entry)
    if call('SREM', key .. ':ghosts', entry) == 0 then
        call('RPUSH', key .. ':strangers', entry)
    end
end

-- Takes a waiting job out of its queue.
local function take_out(uuid, meta)
    local key = queue_key(meta.queue)
    if call('ZREM', key .. ':delayed', delayed_member(meta.number, meta.priority, uuid)) == 0 and
        call('ZREM', key .. ':priority', priority_member(meta.due, meta.number, uuid)) == 0 then
        call('SADD', key .. ':ghosts', uuid)
    end
end
