using GatewayKit.Clusters;
using GatewayKit.Forwarding;
using GatewayKit.WireTests.Http2;

namespace GatewayKit.WireTests.Faults;

/// <summary>One way in which a destination of HTTP/2 fails, and all that must come of it.</summary>
/// <param name="Name">What happens.</param>
internal sealed record StreamFault(string Name)
{
    /// <summary>What the destination does on each connection.</summary>
    public required Func<Http2UpstreamConnection, StreamLab, Task> Script { get; init; }

    /// <summary>What its settings say (RFC 9113 §6.5.2).</summary>
    public (int Id, long Value)[] Settings { get; init; } = [];

    /// <summary>Changes the cluster.</summary>
    public Func<Cluster, Cluster> Cluster { get; init; } = static cluster => cluster;

    /// <summary>Changes the gateway.</summary>
    public Action<GatewayBuilder>? Gateway { get; init; }

    /// <summary>Whether a GET before it goes well, so that the gateway knows the settings.</summary>
    public bool IsReused { get; init; }

    /// <summary>Whether one of the gateway's clocks ends it.</summary>
    public bool IsClocked { get; init; }

    /// <summary>What a GET ends with where there is no other destination; <see cref="ForwardError.None"/> if it is answered.</summary>
    public ForwardError Get { get; init; } = ForwardError.UpstreamReset;

    /// <summary>What a POST does.</summary>
    public ForwardError Post { get; init; } = ForwardError.UpstreamReset;

    /// <summary>Whether a GET is sent on to the other destination.</summary>
    public bool RetriesGet { get; init; }

    /// <summary>Whether a POST is too.</summary>
    public bool RetriesPost { get; init; }

    public override string ToString() => Name;
}
