using GatewayKit.Clusters.Balancing;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Clusters.Affinity;

/// <summary>Keeps the sessions of a cluster at their destinations. Safe for concurrent use.</summary>
internal sealed class SessionAffinity
{
    private readonly ClusterAffinity _settings;
    private readonly SessionTokens _tokens;
    private readonly AffinityMetrics _metrics;
    private readonly TokenField _field;
    private readonly string _clusterId;
    private volatile SessionPlaces? _places;

    /// <param name="cluster">The settings.</param>
    /// <param name="tokens">The tokens of the cluster.</param>
    /// <param name="metrics">What is counted.</param>
    /// <param name="previous">The affinity of the same cluster before a reload: sessions stay at destinations that it took away, while those drain.</param>
    public SessionAffinity(Cluster cluster, SessionTokens tokens, AffinityMetrics metrics, SessionAffinity? previous)
    {
        (_clusterId, _settings, _tokens, _metrics) = (cluster.Id, cluster.Affinity!, tokens, metrics);
        _field = TokenField.Of(cluster.Id, cluster.Affinity!);
        _places = previous?._places;
    }

    /// <summary>Takes note of the destinations that the cluster has from now on. One caller at a time.</summary>
    public void Follow(IReadOnlyList<DestinationState> destinations) => _places = new(destinations, _places);

    /// <summary>Looks for the destination that the session of a request is bound to.</summary>
    /// <param name="httpContext">The client's request.</param>
    /// <param name="candidates">The destinations that may be picked.</param>
    /// <param name="tried">Where the request was already.</param>
    /// <param name="bound">The destination that has to take the request; <see langword="null"/> if any may.</param>
    /// <returns>Whether the request may be served.</returns>
    public bool TryFind(HttpContext httpContext, DestinationSet candidates, in TriedDestinations tried, out DestinationState? bound)
    {
        var binding = BindingOf(httpContext) ?? Bind(httpContext, candidates);
        bound = binding.Destination;
        if (_settings.Mode is not PolicyMode.Enforce)
        {
            bound = null;
            return true;
        }

        if (bound is null)
        {
            return !(binding.HasToken && _settings.OnMissing is MissingDestination.Refuse);
        }

        // It failed this request. Another may answer that; the session stays where its memory is.
        if (_settings.OnMissing is MissingDestination.Redistribute && tried.Contains(bound))
        {
            bound = null;
        }

        return true;
    }

    /// <summary>The destination that a request is bound to does not take it: its circuit is open.</summary>
    /// <returns>Whether another one may.</returns>
    public bool Release(HttpContext httpContext)
    {
        if (BindingOf(httpContext) is { Destination: not null } binding)
        {
            binding.Destination = null;
            Count(_settings.OnMissing is MissingDestination.Refuse ? "refused" : "moved");
        }

        return _settings.OnMissing is MissingDestination.Redistribute;
    }

    /// <summary>Binds a session that is not bound to the destination whose answer the client gets.</summary>
    /// <returns>The field that tells the client; <see langword="null"/> if there is nothing to tell.</returns>
    public (string Name, string Value)? Bind(HttpContext httpContext, DestinationState destination, int status)
    {
        // An error of the server's is no session.
        if (_settings.Mode is not PolicyMode.Enforce || status >= StatusCodes.Status500InternalServerError
            || BindingOf(httpContext) is not { Destination: null } binding)
        {
            return null;
        }

        binding.Destination = destination;
        return (_field.Name, _field.Write(httpContext, _tokens.Of(SessionPlaces.IdentityOf(destination))));
    }

    private SessionBinding? BindingOf(HttpContext httpContext) => httpContext.Features.Get<SessionBinding>() is { } known && known.Owner == this ? known : null;

    private SessionBinding Bind(HttpContext httpContext, DestinationSet candidates)
    {
        // What cannot be read says nothing of a session: made up, or of keys that are gone.
        ulong identity = 0;
        var hasToken = _field.TryRead(httpContext, out var text) && _tokens.TryRead(text, out identity);
        var place = hasToken ? _places?.Find(identity) : null;

        // One that drains serves the sessions it has, until its time is over.
        var serves = place is not null && (place.IsDraining ? !place.IsDrained : candidates.Contains(place));
        var binding = new SessionBinding(this) { HasToken = hasToken, Destination = serves ? place : null };
        httpContext.Features.Set(binding);
        Count(serves ? "bound" : !hasToken ? "new" : _settings.OnMissing is MissingDestination.Refuse ? "refused" : "moved");
        return binding;
    }

    private void Count(string outcome) => _metrics.Count(_clusterId, outcome);
}
