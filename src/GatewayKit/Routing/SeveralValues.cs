using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Matching;

namespace GatewayKit.Routing;

/// <summary>
/// Stands in the matcher for many endpoints of one template that differ by a header or query value, for requests that have several of
/// the values. All endpoints as candidates would let a client that sends two values make the gateway weigh each of them: this weighs
/// only those the values name.
/// </summary>
internal sealed class SeveralValues(FieldIndex index, int start, int end) : IDynamicEndpointMetadata
{
    // Host policies that choose at run time look at this candidate too, as the framework asks of them.
    public bool IsDynamic => true;

    /// <summary>One stand-in for each run of endpoints with the same template.</summary>
    public static List<Endpoint> StandInsFor(FieldIndex index)
    {
        var standIns = new List<Endpoint>();
        for (var (start, end) = (0, 0); start < index.Endpoints.Length; start = end)
        {
            while (end < index.Endpoints.Length && IsSameRun(index.Endpoints[start], index.Endpoints[end]))
            {
                end++;
            }

            standIns.Add(Create(index, start, end));
        }

        return standIns;
    }

    /// <summary>Puts the endpoints that the request can have in the place of the stand-in.</summary>
    public void Expand(HttpContext httpContext, CandidateSet candidates, int candidate)
    {
        var values = candidates[candidate].Values;
        var positions = new SortedSet<int>();
        index.FindAll(httpContext.Request, positions);
        positions.RemoveWhere(position => position < start || position >= end || RouteConditions.Of(index.Endpoints[position])?.Hold(httpContext, values) is false);
        switch (positions.Count)
        {
            case 0:
                candidates.SetValidity(candidate, false);
                break;
            case 1:
                candidates.ReplaceEndpoint(candidate, index.Endpoints[positions.Min], values);
                break;
            default:
                Endpoint[] found = [.. positions.Select(position => index.Endpoints[position])];
                candidates.ExpandEndpoint(candidate, found, Comparer<Endpoint>.Create((x, y) => Array.IndexOf(found, x).CompareTo(Array.IndexOf(found, y))));
                break;
        }
    }

    private static bool IsSameRun(Endpoint first, Endpoint other) =>
        first is RouteEndpoint x && other is RouteEndpoint y && x.Order == y.Order
        && string.Equals(x.RoutePattern.RawText, y.RoutePattern.RawText, StringComparison.Ordinal);

    private static Endpoint Create(FieldIndex index, int start, int end)
    {
        if (end - start == 1)
        {
            return index.Endpoints[start];
        }

        var first = (RouteEndpoint)index.Endpoints[start];
        return new RouteEndpoint(
            static _ => throw new InvalidOperationException("A stand-in was not expanded."),
            first.RoutePattern,
            first.Order,
            new EndpointMetadataCollection(new SeveralValues(index, start, end)),
            $"{end - start} routes ({first.RoutePattern.RawText})");
    }
}
