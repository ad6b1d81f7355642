using System.Diagnostics.Metrics;

namespace GatewayKit.Diagnostics;

/// <summary>The one meter of the gateway, owned by the host's meter factory.</summary>
internal sealed class GatewayMeter(IMeterFactory factory)
{
    /// <summary>Its name: what a host passes to <c>AddMeter</c>.</summary>
    public const string Name = "GatewayKit";

    public Meter Meter { get; } = factory.Create(Name);
}
