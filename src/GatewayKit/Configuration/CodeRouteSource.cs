using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.Configuration;

/// <summary>The routes and clusters that start-up code added to the builder.</summary>
internal sealed class CodeRouteSource(IEnumerable<CodeRouteSource.Contribution> contributions) : IRouteSource
{
    public RouteSet Set { get; } = RouteSet.Merge(contributions.Select(static contribution => contribution.Set));

    public string Name => "code";

    public ValueTask<RouteSet> LoadAsync(CancellationToken cancellationToken) => new(Set);

    public IChangeToken GetChangeToken() => NullChangeToken.Singleton;

    /// <summary>One call on the builder.</summary>
    public sealed record Contribution(RouteSet Set);
}
