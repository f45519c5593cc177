-- SPDX-License-Identifier: MIT
-- uses: wake promote
-- later: push
-- ARGV: the number of groups, then the groups (lib/push.lua). Returns a letter for each job.

-- The jobs' keys, and the uuids; nil where one is there twice.
local function read_plain(count)
    local keys, uuids, seen = {}, {}, {}
    for i = 1, count do
        local uuid = ARGV[5 + 2 * i]
        if seen[uuid] then
            return nil
        end
        seen[uuid] = true
        uuids[i] = uuid
        keys[i] = P .. 'job:' .. uuid
    end
    return keys, uuids
end

-- The common case, one group of plain jobs for the list, with as little as can be. Returns nil where it is
-- not that case, and nothing has been done.
local function push_plain()
    if ARGV[1] ~= '1' or ARGV[2] ~= 'p' or ARGV[4] ~= '0' or ARGV[5] ~= '0' then
        return nil
    end
    local queue, count = ARGV[3], tonumber(ARGV[6])
    local key = queue_key(queue)
    local keys, uuids = read_plain(count)
    if not keys then
        return nil
    end
    keys[count + 1] = key .. ':ghosts'
    keys[count + 2] = key .. ':delayed'
    keys[count + 3] = key .. ':idle'
    local others = over_keys('EXISTS', keys)
    keys[count + 3], keys[count + 2] = nil, nil
    if others > 0 then
        if over_keys('EXISTS', keys) > 0 then
            return nil
        end
        local next_due = promote(key)
        if next_due and next_due <= now then
            return nil
        end
    end
    local number = call('INCRBY', P .. 'seq', count) - count
    local head = '0 - ' .. now .. ' '
    local tail = ' 0 ' .. now .. ' ' .. queue
    for i = 1, count do
        call('HSET', keys[i], 'payload', ARGV[6 + 2 * i], 'meta', format('%s%d%s', head, number + i, tail))
    end
    spread('RPUSH', key, uuids)
    call('SADD', P .. 'queues', queue)
    if others > 0 then
        wake(queue, count)
    end
    return string.rep('S', count)
end

local letters = push_plain()
if letters then
    return letters
end
local push = later()
local groups = push.read_groups(ARGV, 2, tonumber(ARGV[1]))
local verdicts, problem = push.judge(ARGV, groups)
if problem then
    return redis.error_reply(problem)
end
letters = push.write_groups(ARGV, groups, verdicts)
wake_all()
return letters
