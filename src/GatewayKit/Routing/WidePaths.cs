namespace GatewayKit.Routing;

/// <summary>The paths that could stand in front of others, by shape, host and conditions, so that ten thousand are not compared pairwise.</summary>
internal sealed class WidePaths
{
    private readonly Dictionary<(string Shape, HostPattern Host, string Conditions), List<RoutedPath>> _paths = [];

    public WidePaths(IEnumerable<RoutedPath> paths)
    {
        foreach (var path in paths)
        {
            foreach (var host in path.Hosts)
            {
                Add((path.Shape, host, path.Conditions), path);
            }
        }
    }

    public bool IsEmpty => _paths.Count == 0;

    /// <summary>A path of higher priority that takes every request of this one.</summary>
    public RoutedPath? ShadowOf(RoutedPath path)
    {
        // Every host of the path needs a shadow; one path as the shadow of all is the case worth telling.
        foreach (var shape in ShapesThatCover(path))
        {
            foreach (var host in HostsThatCover(path.Hosts[0]))
            {
                var shadow = Find((shape, host, path.Conditions), path) ?? (path.Conditions.Length > 0 ? Find((shape, host, string.Empty), path) : null);
                if (shadow is not null)
                {
                    return shadow;
                }
            }
        }

        return null;
    }

    private static IEnumerable<string> ShapesThatCover(RoutedPath path)
    {
        yield return path.Shape;

        // A catch-all takes all that begins with what stands in front of it.
        for (var count = path.Segments.Length; count >= 0; count--)
        {
            var shape = string.Join('/', path.Segments.Take(count).Append("{**}"));
            if (shape != path.Shape)
            {
                yield return shape;
            }
        }
    }

    private static IEnumerable<HostPattern> HostsThatCover(HostPattern host)
    {
        yield return default;
        if (host == default)
        {
            yield break;
        }

        yield return host;
        int?[] ports = host.Port is null ? [null] : [host.Port, null];
        foreach (var port in ports)
        {
            yield return host with { Port = port };
            yield return new(null, false, port);
            for (var dot = host.Name?.IndexOf('.') ?? -1; dot >= 0; dot = host.Name!.IndexOf('.', dot + 1))
            {
                yield return new(host.Name![(dot + 1)..], true, port);
            }
        }
    }

    private static bool TakesMethods(RoutedPath wide, RoutedPath path) =>
        wide.Methods is [null] || (path.Methods is not [null] && path.Methods.All(method => wide.Methods.Contains(method)));

    private RoutedPath? Find((string Shape, HostPattern Host, string Conditions) key, RoutedPath path) =>
        _paths.TryGetValue(key, out var candidates)
            ? candidates.Find(wide => wide.Route.Priority > path.Route.Priority && TakesMethods(wide, path)
                && path.Hosts.All(host => Array.Exists(wide.Hosts, pattern => pattern.Covers(host))))
            : null;

    private void Add((string Shape, HostPattern Host, string Conditions) key, RoutedPath path)
    {
        if (!_paths.TryGetValue(key, out var known))
        {
            _paths.Add(key, known = []);
        }

        // Of two that say the same, the one with the higher priority shadows all that the other does.
        var same = known.FindIndex(other => other.Methods.AsSpan().SequenceEqual(path.Methods) && other.Hosts.AsSpan().SequenceEqual(path.Hosts));
        if (same < 0)
        {
            known.Add(path);
        }
        else if (known[same].Route.Priority < path.Route.Priority)
        {
            known[same] = path;
        }
    }
}
