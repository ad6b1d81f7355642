using GatewayKit.Pipeline;

namespace GatewayKit.SelfService;

/// <summary>Marks the endpoints of the self-service view.</summary>
internal sealed class SelfServiceMetadata : IUncachedMetadata
{
    public static SelfServiceMetadata Instance { get; } = new();
}
