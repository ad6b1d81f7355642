using GatewayKit.Clusters;
using GatewayKit.Pipeline;

namespace GatewayKit.Forwarding;

/// <summary>
/// Puts targets behind the address of a destination, byte for byte. The last ones are kept: clients ask for the same few targets again and
/// again, and a <see cref="Uri"/> with what the handler derives from it is an eighth of what a small request allocates.
/// </summary>
internal static class TargetUri
{
    // Longer targets are rarely hot, and 64 of these are 32 KiB per destination at most.
    private const int MaxKeptLength = 128;

    // The parts are canonical and validated; Uri would decode and resolve once more (D5).
    private static readonly UriCreationOptions Verbatim = new() { DangerousDisablePathAndQueryCanonicalization = true };

    public static Uri Create(DestinationState destination, RequestTarget target)
    {
        var (path, query) = target;
        if (path.Length + query.Length > MaxKeptLength)
        {
            return Parse(destination, path, query);
        }

        ref var slot = ref destination.Targets[Slot(path, query)];
        var kept = Volatile.Read(ref slot);
        if (kept is not null && kept.Path == path && kept.Query == query)
        {
            return kept.Uri;
        }

        var uri = Parse(destination, path, query);
        Volatile.Write(ref slot, new(path, query, uri));
        return uri;
    }

    private static Uri Parse(DestinationState destination, string path, string query) =>
        new(string.Concat(destination.Origin, destination.BasePath, path, query), Verbatim);

    // Cheap rather than even: a collision costs a parse. The end of a target is where targets differ.
    private static int Slot(string path, string query)
    {
        var end = query.Length > 0 ? query : path;
        var mixed = (path.Length * 31) + (query.Length * 7) + (end[^1] * 17) + (end[end.Length / 2] * 13) + (path[path.Length / 2] * 5);
        return mixed & (DestinationState.KeptTargets - 1);
    }
}
