using GatewayKit.Clusters.Balancing;
using GatewayKit.Clusters.Health;

namespace GatewayKit.Clusters;

/// <summary>What changes about a destination while it serves. Survives a reload that leaves the destination as it was.</summary>
internal sealed class DestinationState
{
    /// <summary>How many targets are kept, a power of two.</summary>
    public const int KeptTargets = 64;

    private WarningPace? _warnings;
    private PeakLatency? _latency;
    private DestinationHealth? _health;

    public DestinationState(string id, Destination destination)
    {
        (Id, Destination) = (id, destination);
        Origin = destination.Address.GetComponents(UriComponents.Scheme | UriComponents.Host | UriComponents.Port, UriFormat.UriEscaped);
        BasePath = destination.Address.AbsolutePath.TrimEnd('/');
    }

    public string Id { get; }

    public Destination Destination { get; }

    /// <summary>Scheme and authority, such as <c>http://10.0.0.5:8080</c>: what every target starts with.</summary>
    public string Origin { get; }

    /// <summary>The path of the address without a slash at its end; empty for the root.</summary>
    public string BasePath { get; }

    /// <summary>The last targets sent to it. Written by whoever comes; an entry is whole or absent.</summary>
    public KeptTarget?[] Targets { get; } = new KeptTarget?[KeptTargets];

    public int Weight => Destination.Weight;

    /// <summary>The requests it has, and whether it is to get more.</summary>
    public DestinationUse Use { get; private set; } = new();

    public int InFlight => Use.InFlight;

    /// <inheritdoc cref="DestinationUse.IsDraining"/>
    public bool IsDraining => Use.IsDraining;

    /// <inheritdoc cref="DestinationUse.IsDrained"/>
    public bool IsDrained => Use.IsDrained;

    public void Begin() => Use.Begin();

    public void End() => Use.End();

    /// <summary>Whether the two are one destination, maybe with other settings.</summary>
    public bool IsSameAs(DestinationState other) => Id == other.Id && Destination.Address == other.Destination.Address;

    /// <summary>Takes over from the state of the same destination before its settings changed.</summary>
    public DestinationState Continue(DestinationState before)
    {
        (Use, _latency, _health) = (before.Use, before._latency, before._health);
        return this;
    }

    /// <summary>What is known of its health; <see langword="null"/> where nobody watches it. Set once.</summary>
    public DestinationHealth? Health
    {
        get => Volatile.Read(ref _health);
        set => Volatile.Write(ref _health, value);
    }

    /// <summary>How long it takes to answer; <see langword="null"/> where nobody asks.</summary>
    public PeakLatency? Latency => Volatile.Read(ref _latency);

    /// <summary>Begins to measure how long it takes to answer, unless that has begun.</summary>
    public void MeasureLatency(TimeProvider time)
    {
        if (Latency is null)
        {
            Interlocked.CompareExchange(ref _latency, new(time), null);
        }
    }

    /// <summary>What may be said of its failures. Made by the first one.</summary>
    public WarningPace Warnings(TimeProvider time) => Volatile.Read(ref _warnings) ?? Interlocked.CompareExchange(ref _warnings, new(time), null) ?? _warnings;

    /// <summary>A path and query with the address they make.</summary>
    public sealed record KeptTarget(string Path, string Query, Uri Uri);
}
