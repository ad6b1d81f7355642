using Microsoft.AspNetCore.Http;

namespace GatewayKit.Pipeline;

/// <summary>How a limit stands for one who asks and takes nothing.</summary>
/// <param name="Kind">What kind of limit it is.</param>
/// <param name="Name">What clients know it by.</param>
/// <param name="Unit">What is counted, in words.</param>
/// <param name="Limit">Units in each window, or places.</param>
internal sealed record LimitStanding(LimitKind Kind, string Name, string Unit, double Limit)
{
    /// <summary>What the window is called, if it has a name.</summary>
    public string? Period { get; init; }

    /// <summary>How long it is; <see langword="null"/> if there is none, or none of one length.</summary>
    public TimeSpan? Window { get; init; }

    /// <summary>Units that may be taken at once, of a rate.</summary>
    public long? Burst { get; init; }

    /// <summary>How much is left; <see langword="null"/> if it cannot be read.</summary>
    public long? Remaining { get; init; }

    /// <summary>How long until there is more; <see langword="null"/> where nothing is used, no time brings it, or it cannot be read.</summary>
    public TimeSpan? Reset { get; init; }

    /// <summary>The same as a date, where it is one; <see langword="null"/> otherwise.</summary>
    public DateTimeOffset? ResetsAt { get; init; }
}

/// <summary>What kind of limit something is.</summary>
internal enum LimitKind
{
    Rate,
    Quota,
    Concurrency,
}

/// <summary>Reads how a limit stands for the caller of a request. It takes nothing, and does not throw for a store that does not answer.</summary>
internal delegate ValueTask<LimitStanding> LimitReader(HttpContext httpContext);

/// <summary>What makes links of limits, and can read them too.</summary>
internal interface ILimitReaders
{
    /// <summary>What reads a limit of an endpoint. As long as it is kept, so is what it reads.</summary>
    LimitReader ReaderOf(IGatewayPolicy policy, GatewayEndpoint endpoint);
}
