-- A rate as the generic cell rate algorithm (ITU-T I.371) has it. The key holds "at owed": at that microsecond, so much time was owed until all units are there again.
-- Time is counted in parts of a microsecond. Every number is whole and below 2^53, which Lua's hold exactly: nothing is lost, however fast or slow the rate is.
-- ARGV: time for one unit, time for all of them, parts in a microsecond, units, 1 if they are noted whether there is room or not
local each, all, parts, units, isNoted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5] == '1'
local at, owed = string.match(redis.call('GET', KEYS[1]) or '', '^(%d+) (%d+)$')
owed = math.max(0, tonumber(owed or 0) - (now - tonumber(at or now)) * parts)

local function keep(debt)
    redis.call('SET', KEYS[1], string.format('%.0f %.0f', now, debt), 'PX', math.ceil(debt / parts / 1000) + spare)
end

-- The clock has stepped back: nobody owes more than twice the rate. It is written down, or a refused caller would owe it anew each time until the old time has come.
local isStale = owed > 2 * all
if isStale then owed = 2 * all end

local debt, uncounted = owed + units * each, 0
if isNoted then
    local most = math.max(owed, 2 * all)
    uncounted = math.floor(math.max(0, debt - most) / each)
    debt = math.min(math.max(debt, 0), most)
elseif debt > all then
    if isStale then keep(owed) end
    return {0, owed}
end

if units ~= 0 or isStale then keep(debt) end
return {1, debt, uncounted}
