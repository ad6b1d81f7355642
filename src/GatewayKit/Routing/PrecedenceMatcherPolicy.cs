using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Matching;

namespace GatewayKit.Routing;

/// <summary>
/// Orders what priority, path template, host and method leave equal, down to the id: a request never finds two routes that the
/// framework cannot tell apart.
/// </summary>
internal sealed class PrecedenceMatcherPolicy : MatcherPolicy, IEndpointComparerPolicy, IComparer<Endpoint>
{
    public override int Order => MatcherOrders.Precedence;

    public IComparer<Endpoint> Comparer => this;

    public int Compare(Endpoint? x, Endpoint? y)
    {
        ReloadPace.Step();
        var left = x is null ? null : RouteConditions.Of(x);
        var right = y is null ? null : RouteConditions.Of(y);
        if (left is null || right is null)
        {
            // The host's own endpoint wins.
            return (left is null ? 0 : 1) - (right is null ? 0 : 1);
        }

        var (match, other) = (left.Route.Match, right.Route.Match);
        ReadOnlySpan<int> comparisons =
        [
            other.Headers.Count.CompareTo(match.Headers.Count),
            other.Query.Count.CompareTo(match.Query.Count),
            (other.ClientAddresses.Count > 0).CompareTo(match.ClientAddresses.Count > 0),
            other.PathComparison.CompareTo(match.PathComparison),
            string.Compare(left.Route.Id, right.Route.Id, StringComparison.OrdinalIgnoreCase),
            left.Sequence.CompareTo(right.Sequence),
        ];
        var decisive = comparisons.IndexOfAnyExcept(0);
        return decisive < 0 ? 0 : comparisons[decisive];
    }
}
