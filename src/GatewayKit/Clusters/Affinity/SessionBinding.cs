namespace GatewayKit.Clusters.Affinity;

/// <summary>What the token of a request came to. Kept with the request, because each attempt and the answer ask.</summary>
internal sealed class SessionBinding(SessionAffinity owner)
{
    /// <summary>Whose binding it is: an endpoint may forward to several clusters.</summary>
    public SessionAffinity Owner => owner;

    /// <summary>The destination that serves the session; <see langword="null"/> if none does.</summary>
    public DestinationState? Destination { get; set; }

    /// <summary>Whether it came with a token that can be read.</summary>
    public bool HasToken { get; init; }
}
