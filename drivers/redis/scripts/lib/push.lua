-- SPDX-License-Identifier: MIT
-- uses: ready
-- Jobs on their way in. They come as groups in a list of texts:
--   'p' QUEUE PRIORITY DELAY COUNT, then UUID PAYLOAD for each
--   'x' QUEUE PRIORITY DELAY COUNT, then UUID PAYLOAD BATCH UNIQUE UNIQUE_MS for each
-- where UNIQUE is 'd', 's' or 't' (until done, started, for a time) with the key behind it, or nothing.
-- What becomes of each: stored, repeated (the store has it), duplicate (a live job holds its key), or left out
-- (its batch has ended).
local STORED, REPEATED, DUPLICATE, LEFT_OUT = 'S', 'R', 'D', 'L'

local function batch_key(batch)
    return P .. 'batch:' .. batch
end

-- Reads the groups of args from at on. Returns them, and where they end.
local function read_groups(args, at, count)
    local groups = {}
    for i = 1, count do
        local group = {
            wide = args[at] == 'x', queue = args[at + 1], priority = tonumber(args[at + 2]),
            delay = tonumber(args[at + 3]), count = tonumber(args[at + 4]), first = at + 5,
        }
        group.step = group.wide and 5 or 2
        at = group.first + group.count * group.step
        groups[i] = group
    end
    return groups, at
end

-- Which of the uuids the store has, by their place in args.
local function find_repeated(args, groups)
    local keys, repeated = {}, {}
    for _, group in ipairs(groups) do
        for at = group.first, group.first + (group.count - 1) * group.step, group.step do
            keys[#keys + 1] = P .. 'job:' .. args[at]
        end
    end
    if over_keys('EXISTS', keys) == 0 then
        return repeated
    end
    for _, group in ipairs(groups) do
        for at = group.first, group.first + (group.count - 1) * group.step, group.step do
            repeated[at] = call('EXISTS', P .. 'job:' .. args[at]) == 1
        end
    end
    return repeated
end

-- Whether a live job holds this key.
local function is_locked(key)
    local holder = call('GET', P .. 'unique:' .. key)
    if not holder then
        return false
    end
    local found = call('HMGET', P .. 'job:' .. holder, 'meta', 'failed')
    return found[1] and not found[2]
end

-- Why no job can be added to a batch; nil where it can.
local function batch_ended(batch)
    local ended = call('HMGET', batch_key(batch), 'cancelled_at', 'finished_at')
    return ended[1] and 'was cancelled' or ended[2] and 'has finished' or nil
end

-- Decides about each job before anything is written. Returns what becomes of them, by their place in
-- args; and a problem, where a batch has ended that one of them is for.
local function judge(args, groups)
    local repeated, verdicts, problem = find_repeated(args, groups), {}, nil
    local stored, taken = {}, {} -- uuids and keys of this push
    for _, group in ipairs(groups) do
        for at = group.first, group.first + (group.count - 1) * group.step, group.step do
            local verdict = (repeated[at] or stored[args[at]]) and REPEATED or STORED
            if group.wide and verdict == STORED then
                local batch, unique = args[at + 2], sub(args[at + 3], 2)
                local ended = batch ~= '' and batch_ended(batch)
                if ended then
                    verdict = LEFT_OUT
                    problem = 'CONFLICT the batch ' .. batch .. ' ' .. ended
                elseif unique ~= '' and (taken[unique] or is_locked(unique)) then
                    verdict = DUPLICATE
                end
                taken[unique] = taken[unique] or verdict == STORED
            end
            stored[args[at]] = stored[args[at]] or verdict == STORED
            verdicts[at] = verdict
        end
    end
    return verdicts, problem
end

-- Makes a batch where there is none, which goes on after failures. Returns whether it did.
local function make_batch(batch)
    local key = batch_key(batch)
    if call('EXISTS', key) == 1 then
        return false
    end
    call('HSET', key, 'created_at', now, 'allow_failures', 1)
    call('ZADD', P .. 'batches', call('INCR', P .. 'seq'), batch)
    return true
end

-- Holds a unique key for a job: while it lives, or for a time.
local function lock(uuid, unique, ms)
    local key = P .. 'unique:' .. sub(unique, 2)
    if sub(unique, 1, 1) == 't' then
        call('SET', key, uuid, 'PX', ms)
    else
        call('SET', key, uuid)
    end
end

-- A job in a batch, or with a unique key, has fields of its own for them.
local function write_wide(args, at, key)
    local uuid, batch, unique, ms = args[at], args[at + 2], args[at + 3], args[at + 4]
    if batch ~= '' then
        make_batch(batch)
        call('HINCRBY', batch_key(batch), 'total', 1)
        call('HINCRBY', batch_key(batch), 'pending', 1)
        call('SADD', P .. 'batch-jobs:' .. batch, uuid)
        call('HSET', key, 'batch', batch)
    end
    if unique ~= '' then
        lock(uuid, unique, ms)
        call('HSET', key, 'unique', unique, 'unique_end', now + ms)
    end
end

-- A job that was taken out of the list and comes again: its ghost must not stand for it.
local function lay_ghosts(key, args, group)
    if call('SCARD', key .. ':ghosts') == 0 then
        return
    end
    for at = group.first, group.first + (group.count - 1) * group.step, group.step do
        if call('SREM', key .. ':ghosts', args[at]) == 1 then
            call('LREM', key, 0, args[at])
        end
    end
end

-- Writes the jobs of a group that are stored. number is the last job number in use.
local function write_jobs(args, group, verdicts, number, due)
    local uuids, entries = {}, {}
    local head = group.wide and '0 x ' or '0 - '
    head = head .. due .. ' '
    local tail = ' ' .. group.priority .. ' ' .. now .. ' ' .. group.queue
    for at = group.first, group.first + (group.count - 1) * group.step, group.step do
        if verdicts[at] == STORED then
            local uuid = args[at]
            local key = P .. 'job:' .. uuid
            number = number + 1
            call('HSET', key, 'payload', args[at + 1], 'meta', head .. number .. tail)
            if group.wide then
                write_wide(args, at, key)
            end
            uuids[#uuids + 1] = uuid
            entries[#entries + 1] = number
        end
    end
    return uuids, entries
end

-- Turns uuids and their numbers into what a sorted set takes.
local function sorted(uuids, numbers, score, member, a)
    local list = {}
    for i = 1, #uuids do
        list[2 * i - 1] = score
        list[2 * i] = member(numbers[i], a, uuids[i])
    end
    return list
end

local function write_group(args, group, verdicts, number)
    local key = queue_key(group.queue)
    local next_due, moved = promote(key)
    lay_ghosts(key, args, group)
    local due = now + group.delay
    local uuids, numbers = write_jobs(args, group, verdicts, number, due)
    if #uuids == 0 then
        return number
    end
    -- Where more is due than was moved, what comes now goes behind it.
    if group.delay > 0 or (next_due and next_due <= now) then
        spread('ZADD', key .. ':delayed', sorted(uuids, numbers, due, delayed_member, group.priority))
        moved = moved + ((not next_due or due < next_due) and 1 or 0)
    elseif group.priority == 0 then
        spread('RPUSH', key, uuids)
        moved = moved + #uuids
    else
        spread('ZADD', key .. ':priority', sorted(uuids, numbers, -group.priority, function(n, d, uuid)
            return priority_member(d, n, uuid)
        end, due))
        moved = moved + #uuids
    end
    is_ready(group.queue, moved)
    call('SADD', P .. 'queues', group.queue)
    return numbers[#numbers]
end

-- Stores the jobs of groups that have been judged. Returns a letter for each.
local function write_groups(args, groups, verdicts)
    local count, letters = 0, {}
    for _, group in ipairs(groups) do
        count = count + group.count
    end
    local number = call('INCRBY', P .. 'seq', count) - count
    for _, group in ipairs(groups) do
        number = write_group(args, group, verdicts, number)
        for at = group.first, group.first + (group.count - 1) * group.step, group.step do
            letters[#letters + 1] = verdicts[at]
        end
    end
    return table.concat(letters)
end
