-- Units in the last window, estimated: of the window before, as much counts as of it lies within one length. The key holds "window used before".
-- Time is counted in ticks. Every number is whole and every product below 2^53, which Lua's numbers hold exactly.
-- ARGV: limit, ticks in a window, microseconds in a tick, units, 1 if they are noted whether there is room or not
local limit, length, tick, units, isNoted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5] == '1'
local ticks = math.floor(now / tick)
local window, left = math.floor(ticks / length), length - ticks % length
local last, used, before = string.match(redis.call('GET', KEYS[1]) or '', '^(%d+) (%d+) (%d+)$')
last, used, before = tonumber(last or window), tonumber(used or 0), tonumber(before or 0)

local function keep()
    redis.call('SET', KEYS[1], string.format('%.0f %.0f %.0f', window, used, before), 'PX', math.ceil((left + length) * tick / 1000) + spare)
end

-- The clock has stepped back. By a little: the newest window stays the newest. By more: what is used moves along, and is written down, or a refused caller would wait until the old time has come.
local isStale = last > window + 1
if last == window + 1 then
    window, left = last, length
elseif last == window - 1 then
    used, before = 0, math.min(used, limit)
elseif last < window - 1 then
    used, before = 0, 0
end

if isNoted then
    if units < 0 then
        local fromUsed = math.min(used, -units)
        used, before = used - fromUsed, before - math.min(before, -units - fromUsed)
    else
        used = math.max(used, math.min(used + units, 2 * limit - math.ceil(before * left / length)))
    end
elseif before * left > (limit - used - units) * length then
    if isStale then keep() end
    return {0, used, before, left}
else
    used = used + units
end

if units ~= 0 or isStale then keep() end
return {1, used, before, left}
