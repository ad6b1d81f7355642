-- The count of one key: "start end used warned filled", then the buckets of a rolling window. Instants are microseconds since 1970, all numbers whole and below 2^53, which Lua's hold exactly.
-- The steps are those of QuotaState of the gateway, number by number; there is what they are for.
-- ARGV: kind of window, its two numbers, length; limit, capacity, units for a warning
local kind, first, second, length = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local limit, capacity, warnAt = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local isRolling, isLifetime = kind == 'rolling', kind == 'lifetime'
local maxUsed, forever = 2 ^ 52, 2 ^ 53 - 1

local row = {}
for number in string.gmatch(redis.call('GET', KEYS[1]) or '', '%d+') do row[#row + 1] = tonumber(number) end

-- Of a rolling window: width and number of buckets, and one more, which is the newest.
local width, places = first, isRolling and second + 1 or 0
if #row ~= 5 + places then
    row = {}
    for i = 1, 5 + places do row[i] = 0 end
end

local start, finish, used, warned, filled = row[1], row[2], row[3], row[4], row[5]

local function place(bucket) return 6 + bucket / width % places end

local function clear()
    for i = 6, 5 + places do row[i] = 0 end
    used, warned, filled = 0, 0, 0
end

-- A lifetime has none, on purpose: what is used would come back with the key's.
local function keep()
    row[1], row[2], row[3], row[4], row[5] = start, finish, used, warned, filled
    local numbers = {}
    for i = 1, #row do numbers[i] = string.format('%.0f', row[i]) end
    if isLifetime then
        redis.call('SET', KEYS[1], table.concat(numbers, ' '))
    else
        redis.call('SET', KEYS[1], table.concat(numbers, ' '), 'PX', math.ceil((finish - now) / 1000) + spare)
    end
end

-- The dates of a calendar come from the caller, whose clock may be wrong: they are taken only if the time of this server is in them.
local function setSpan()
    if isLifetime then
        start, finish = 0, forever
    elseif kind == 'first-use' then
        start, finish = now, now + length
    elseif now >= first and now < second then
        start, finish = first, second
    else
        return false
    end
    return true
end

-- Whether the window has moved, and not without what is used: also a refused step writes that down, or a clock that steps back would move it anew each time.
local hasMoved = false

local function turn()
    local newest = now - now % width
    if now >= finish then
        clear()
    elseif start - newest > width * (places - 1) then
        local all = used
        clear()
        used, row[place(newest)], hasMoved = all, all, true
    elseif newest <= start then
        return true
    else
        for bucket = start + width, newest, width do
            local expired = place(bucket)
            used, row[expired] = used - row[expired], 0
        end
        hasMoved = true
    end

    start, finish = newest, newest + width * places
    return true
end

-- False if the caller has to say what the window is at the time of this server.
local function roll()
    if isRolling then return turn() end
    if now >= finish then
        clear()
        return setSpan()
    end

    hasMoved = start - now > finish - start
    return not hasMoved or setSpan()
end

-- Returns the overage that this adds.
local function change(units, bucket)
    if isRolling then
        local count = place(bucket)
        units = math.max(units, -row[count])
        row[count] = row[count] + math.min(units, maxUsed - used)
    end

    local before = used
    used = math.max(0, before + math.min(units, maxUsed - before))
    return math.max(0, used - limit) - math.max(0, before - limit)
end

local function crosses(crossedAt, threshold)
    return used >= threshold and (crossedAt == 0 or isRolling and now - crossedAt >= length)
end

-- Returns the thresholds that are crossed, as flags.
local function cross()
    local crossed = 0
    if crosses(warned, warnAt) then warned, crossed = now, 1 end
    if crosses(filled, limit) then filled, crossed = now, crossed + 2 end
    return crossed
end

-- When so many units have come back.
local function freedAt(units)
    if not isRolling then return finish end
    for bucket = math.max(0, start - width * (places - 1)), start - width, width do
        units = units - row[place(bucket)]
        if units <= 0 then return bucket + width * places end
    end
    return finish
end

local function resetsAt()
    if isLifetime or used == 0 then return 0 end
    return freedAt(1)
end
