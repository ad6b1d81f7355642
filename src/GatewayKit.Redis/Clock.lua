-- The server's clock in microseconds, whoever asks, and how many milliseconds keys live on when they say nothing any more.
local time = redis.call('TIME')
local now, spare = tonumber(time[1]) * 1000000 + tonumber(time[2]), 1000
