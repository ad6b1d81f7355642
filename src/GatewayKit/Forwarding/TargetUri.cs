using GatewayKit.Clusters;

namespace GatewayKit.Forwarding;

/// <summary>Puts a target behind the address of a destination, byte for byte.</summary>
internal static class TargetUri
{
    // The parts are canonical and validated; Uri would decode and resolve once more (D5).
    private static readonly UriCreationOptions Verbatim = new() { DangerousDisablePathAndQueryCanonicalization = true };

    public static Uri Create(DestinationState destination, RequestTarget target) =>
        new(string.Concat(destination.Origin, destination.BasePath, target.Path, target.Query), Verbatim);
}
