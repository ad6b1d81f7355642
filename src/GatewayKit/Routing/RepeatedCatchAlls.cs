using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace GatewayKit.Routing;

/// <summary>
/// Catch-alls under one prefix and the longer paths beside them. The framework's automaton adds each of the former to the node of each of the
/// latter, and sorts every node before a policy is asked (decision 0001): it takes their product, in time and memory.
/// </summary>
/// <param name="Prefix">The path up to the catch-all.</param>
/// <param name="CatchAlls">How many endpoints end in a catch-all there.</param>
/// <param name="Nodes">How many different paths, and beginnings of paths, are below the prefix.</param>
internal sealed record RepeatedCatchAlls(string Prefix, int CatchAlls, int Nodes)
{
    /// <summary>Building the matcher takes some seconds (<c>routing product</c> of the benchmarks), and more than in proportion beyond.</summary>
    private const long Many = 1_000_000;

    public long Product => (long)CatchAlls * Nodes;

    /// <summary>The prefix with the largest product, if that is large.</summary>
    public static RepeatedCatchAlls? LargestOf(IReadOnlyList<Endpoint> endpoints)
    {
        var root = new Node(null, string.Empty);
        foreach (var endpoint in endpoints)
        {
            if (endpoint is RouteEndpoint route && RouteConditions.Of(route) is { } conditions)
            {
                root.Add(conditions.PathOf(route).Segments);
            }
        }

        RepeatedCatchAlls? largest = null;
        root.Measure(ref largest);
        return largest?.Product > Many ? largest : null;
    }

    private sealed class Node(Node? parent, string segment)
    {
        private Dictionary<string, Node>? _children;
        private int _catchAlls;

        public void Add(ReadOnlySpan<string> segments)
        {
            if (segments is [])
            {
                return;
            }

            // With constraints too: they are asked when the automaton is done.
            if (segments[0].StartsWith("{**", StringComparison.Ordinal))
            {
                _catchAlls++;
                return;
            }

            if (!(_children ??= new(StringComparer.OrdinalIgnoreCase)).TryGetValue(segments[0], out var child))
            {
                _children.Add(segments[0], child = new(this, segments[0]));
            }

            child.Add(segments[1..]);
        }

        private string Prefix() => parent is null ? string.Empty : $"{parent.Prefix()}/{segment}";

        // Returns the number of nodes below. As deep as the longest template.
        public int Measure(ref RepeatedCatchAlls? largest)
        {
            var nodes = 0;
            foreach (var child in _children?.Values ?? Enumerable.Empty<Node>())
            {
                nodes += 1 + child.Measure(ref largest);
            }

            if ((long)_catchAlls * nodes > (largest?.Product ?? 0))
            {
                largest = new(Prefix(), _catchAlls, nodes);
            }

            return nodes;
        }
    }
}
