-- How the count stands: nothing is written. Answers as reserving does.
if not roll() then return {2, now, 0, 0, 0, 0, 0, 0} end
return {1, now, used, resetsAt(), 0, 0, start, 0}
