namespace GatewayKit.Pipeline;

/// <summary>What a limit counts.</summary>
internal enum LimitUnit : byte
{
    Requests,
    ContentBytes,
    ConcurrentRequests,
}

/// <summary>How a limit stands for the caller of one request, after its decision on it.</summary>
/// <param name="Name">What the limit is called, see <see cref="LimitNames"/>.</param>
/// <param name="Quota">How much may be used: a burst, or what a window holds.</param>
/// <param name="Window">The time in which that comes back; <see langword="null"/> for one that has none, such as places.</param>
/// <param name="Unit">What is counted.</param>
/// <param name="Remaining">How much is left.</param>
/// <param name="Reset">When there is more; <see langword="null"/> where nothing is used, or no time brings it.</param>
internal readonly record struct LimitReading(string Name, long Quota, TimeSpan? Window, LimitUnit Unit, long Remaining, TimeSpan? Reset);
