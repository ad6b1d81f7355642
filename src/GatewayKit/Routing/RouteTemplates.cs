using System.Collections.Concurrent;
using Microsoft.AspNetCore.Routing.Patterns;

namespace GatewayKit.Routing;

/// <summary>
/// Parses path templates once, although checks, comparison and endpoints each ask for them, and once more only when two runs have passed in
/// which nobody asked. Parsed templates are immutable. Thread-safe.
/// </summary>
internal sealed class RouteTemplates
{
    private ConcurrentDictionary<string, RoutePattern> _former = new(StringComparer.Ordinal);
    private ConcurrentDictionary<string, RoutePattern> _recent = new(StringComparer.Ordinal);

    public RoutePattern Parse(string template)
    {
        var recent = Volatile.Read(ref _recent);
        return recent.TryGetValue(template, out var pattern)
            ? pattern
            : recent.GetOrAdd(template, Volatile.Read(ref _former).TryGetValue(template, out pattern) ? pattern : RoutePatternFactory.Parse(template));
    }

    /// <summary>Ends a run: forgets what neither it nor the one before it asked for.</summary>
    public void EndRun()
    {
        if (!_recent.IsEmpty)
        {
            Volatile.Write(ref _former, Interlocked.Exchange(ref _recent, new(StringComparer.Ordinal)));
        }
    }
}
