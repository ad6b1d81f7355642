using System.Net;
using GatewayKit.Clusters;
using GatewayKit.Forwarding;
using GatewayKit.WireTests.Upstreams;

namespace GatewayKit.WireTests.Faults;

/// <summary>One way in which a destination fails, and all that must come of it.</summary>
/// <param name="Id">The row of the catalogue.</param>
/// <param name="Name">What happens.</param>
internal sealed record UpstreamFault(string Id, string Name)
{
    /// <summary>What the destination does on each connection.</summary>
    public Func<UpstreamConnection, FaultLab, Task>? Script { get; init; }

    /// <summary>Where the destination is, if no script makes it.</summary>
    public Func<FaultLab, Uri>? Address { get; init; }

    /// <summary>What the destination's name resolves to, where it has one. Default: its address is one.</summary>
    public Func<FaultLab, Task<IPAddress[]>>? Resolve { get; init; }

    /// <summary>Whether the destination speaks TLS.</summary>
    public bool IsSecure { get; init; }

    /// <summary>Changes the cluster.</summary>
    public Func<Cluster, FaultLab, Cluster> Cluster { get; init; } = static (cluster, _) => cluster;

    /// <summary>Whether a request before it goes well, on the same connection if the script keeps it.</summary>
    public bool IsReused { get; init; }

    /// <summary>How much time passes once the destination stands still.</summary>
    public TimeSpan Passes { get; init; }

    /// <summary>The status that the client sees; 200 and <see cref="IsCut"/> for an answer that breaks off.</summary>
    public required int Status { get; init; }

    /// <summary>The code of the problem; <see langword="null"/> if the answer is the destination's.</summary>
    public string? Code { get; init; }

    public ForwardError Error { get; init; }

    public bool IsCut { get; init; }

    /// <summary>Whether a GET is sent on to the other destination.</summary>
    public bool RetriesGet { get; init; }

    /// <summary>Whether a POST is too: only what surely was not processed.</summary>
    public bool RetriesPost { get; init; }

    /// <summary>Whether it counts against the destination.</summary>
    public bool Counts { get; init; }

    public override string ToString() => $"{Id}: {Name}";
}
