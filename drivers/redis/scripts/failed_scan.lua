#!lua flags=no-writes
-- SPDX-License-Identifier: MIT
-- A page of failed jobs. ARGV: QUEUE (empty: all) ORDER (newest or oldest) LIMIT BEFORE (0: any)
-- CURSOR UUID (empty: all). The cursor is empty at the start, @UUID, or what the page before gave: the score
-- and the member behind which to go on. Returns the next cursor (empty: it was the last page), then a row of
-- ten for each.
local queue, order, limit, before = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local cursor, wanted = ARGV[5], ARGV[6]
local index = queue == '' and P .. 'failed' or queue_key(queue) .. ':failed'
local newest = order == 'newest'
local rows = {}

local function add_row(uuid)
    local found = call('HMGET', P .. 'job:' .. uuid, 'failed', 'payload', 'meta', 'exception', 'cause', 'worker',
                       'connection', 'batch', 'history')
    if not found[1] then
        return
    end
    rows[#rows + 1] = uuid
    for i = 1, 9 do
        rows[#rows + 1] = found[i]
    end
end

-- The rank behind a member; where it is gone, that of its time.
local function rank_behind(score, member)
    local at = call(newest and 'ZREVRANK' or 'ZRANK', index, member)
    if at then
        return at + 1
    elseif newest then
        return call('ZCOUNT', index, '(' .. score, '+inf')
    end
    return call('ZCOUNT', index, '-inf', '(' .. score)
end

-- The rank of the first member of the page; nil where the cursor names what is not there.
local function first_rank()
    local rank = 0
    if sub(cursor, 1, 1) == '@' then
        local failed = call('HGET', P .. 'job:' .. sub(cursor, 2), 'failed')
        if not failed then
            return nil
        end
        local at, number = match(failed, '^(%d+) (%d+)$')
        rank = rank_behind(at, format('%015d%s', tonumber(number), sub(cursor, 2)))
    elseif cursor ~= '' then
        local score, member = match(cursor, '^(%d+) (.*)$')
        rank = rank_behind(score, member)
    end
    if newest and before > 0 then
        rank = math.max(rank, call('ZCOUNT', index, before, '+inf'))
    end
    return rank
end

if wanted ~= '' then
    add_row(wanted)
    return {'', rows}
end
local rank = first_rank()
if not rank then
    return {'', rows}
end
local members
if newest then
    members = call('ZRANGE', index, rank, rank + limit - 1, 'REV')
else
    members = call('ZRANGE', index, rank, rank + limit - 1)
end
for _, member in ipairs(members) do
    add_row(sub(member, 16))
end
local last = members[limit]
return {last and call('ZSCORE', index, last) .. ' ' .. last or '', rows}
