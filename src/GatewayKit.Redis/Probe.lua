-- Whether scripts run, and may write: a replica, or a server without memory, cannot.
redis.call('SET', KEYS[1], now, 'PX', spare)
return {1}
