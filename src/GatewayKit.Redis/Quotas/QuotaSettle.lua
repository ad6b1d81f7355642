-- ARGV[8] and on: what was reserved, the start of its window, when it expires, what was used. Answers as reserving does; a window is started by requests only.
local reserved, window, expires, cost = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])
if now >= finish then return {0, now, 0, 0, 0, 0, 0, 0} end
if not roll() then return {2, now} end

local isOpen = window == start
if isRolling then isOpen = window <= start and window > start - width * places end
if not isOpen then
    if hasMoved then keep() end
    return {0, now, used, resetsAt(), 0, 0, 0, 0}
end

local more, overage = cost - reserved, 0
if more > 0 or now < expires then overage = change(more, window) end
local crossed = cross()
keep()
return {1, now, used, resetsAt(), overage, crossed, start, 0}
