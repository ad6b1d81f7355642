using System.ComponentModel.DataAnnotations;
using GatewayKit.Pipeline;

namespace GatewayKit.Clusters.Health;

/// <summary>
/// Asks destinations how they are, over the connections and with the host that requests have. Each instance of the gateway asks each destination, so a
/// destination is asked instances ÷ <see cref="Interval"/> times a second.
/// </summary>
public sealed record ActiveHealth
{
    /// <summary>Off, watching, or in force. Default <see cref="PolicyMode.Enforce"/>. In shadow destinations are asked and counted, and all stay in use.</summary>
    public PolicyMode Mode { get; init; } = PolicyMode.Enforce;

    /// <summary>What is asked. Default <see cref="ProbeKind.Get"/>.</summary>
    public ProbeKind Kind { get; init; } = ProbeKind.Get;

    /// <summary>
    /// What is asked for, such as <c>/health</c>: a path and maybe a query, put behind the path of the destination's address as those of requests are.
    /// Needed for <see cref="ProbeKind.Get"/> and <see cref="ProbeKind.Head"/>. Pick one that says whether this destination can
    /// serve; one that looks at a database behind all of them fails at all of them at once.
    /// </summary>
    public string? Path { get; init; }

    /// <summary>The service that <see cref="ProbeKind.Grpc"/> asks about. Default: none, which is the server as a whole.</summary>
    public string? GrpcService { get; init; }

    /// <summary>The answers that mean well, 100 to 599. Default: none listed, which is every 2xx.</summary>
    public IReadOnlyList<int> Statuses { get; init => field = ValueList<int>.From(value); } = ValueList<int>.Empty;

    /// <summary>From one question to the next, give or take a tenth; 100 ms to 1 h. Default 10 s.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The same while the cluster gets no requests; <see cref="Interval"/> to 1 day. Default 60 s.</summary>
    public TimeSpan IdleInterval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long the whole answer may take, 10 ms to 1 min. Default 2 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How many bad answers in a row make a destination unhealthy, 1 to 100. Default 3.</summary>
    [Range(1, 100)]
    public int UnhealthyAfter { get; init; } = 3;

    /// <summary>How many good answers in a row make it healthy again, 1 to 100. Default 2. The first answer of all counts by itself.</summary>
    [Range(1, 100)]
    public int HealthyAfter { get; init; } = 2;

    /// <summary>Whether the answers to another one's question are answers to this.</summary>
    internal bool AsksTheSameAs(ActiveHealth other) =>
        Kind == other.Kind && Path == other.Path && GrpcService == other.GrpcService && Statuses.Equals(other.Statuses);
}
