namespace GatewayKit.Identity.Upstream;

/// <summary>A token that a server gave, ready to be written into requests.</summary>
internal sealed class UpstreamToken : CredentialTransform
{
    // What a token is no longer used for before it is void: the clocks of others, and requests that are under way.
    private static readonly TimeSpan MostSkew = TimeSpan.FromSeconds(30);

    /// <param name="value">The token.</param>
    /// <param name="lifetime">How long the server says that it is good for.</param>
    /// <param name="now">When it came.</param>
    /// <param name="random">Draws from 0 to 1.</param>
    public UpstreamToken(string value, TimeSpan lifetime, DateTimeOffset now, Func<double> random)
        : base("Authorization", $"Bearer {value}")
    {
        FetchedAt = now;
        ExpiresAt = now + lifetime - (lifetime / 10 < MostSkew ? lifetime / 10 : MostSkew);

        // Not by all instances at once.
        RenewAt = now + (lifetime * (0.75 + (0.1 * random())));
    }

    public DateTimeOffset FetchedAt { get; }

    /// <summary>From when on another one is fetched beside the requests.</summary>
    public DateTimeOffset RenewAt { get; }

    /// <summary>From when on it is not used any more.</summary>
    public DateTimeOffset ExpiresAt { get; }
}
