-- ARGV[8]: units. Answers 0 refused, 1 accepted, 2 "what is the window?", then now, used, resets at, overage, crossed, start, retry at.
local cost = tonumber(ARGV[8])
if not roll() then return {2, now} end

local needed = math.max(cost, 1)
if needed > capacity - used then
    if hasMoved then keep() end
    local retryAt = 0
    if not isLifetime and needed <= capacity then retryAt = freedAt(needed - (capacity - used)) end
    return {0, now, used, resetsAt(), 0, 0, 0, retryAt}
end

local overage = change(cost, start)
local crossed = cross()
keep()
return {1, now, used, resetsAt(), overage, crossed, start, 0}
