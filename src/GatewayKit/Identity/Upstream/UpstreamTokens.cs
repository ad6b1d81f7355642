using GatewayKit.Pipeline;

namespace GatewayKit.Identity.Upstream;

/// <summary>The tokens in use, by the settings that they were fetched with: a reload that changes none of these changes no token.</summary>
internal sealed class UpstreamTokens(TokenClient client, TimeProvider time)
{
    private readonly WeakMap<ClientCredentials, TokenSlot> _own = new();
    private readonly WeakMap<TokenExchange, ExchangedTokens> _exchanged = new();

    /// <summary>Those in use.</summary>
    public IReadOnlyList<ExchangedTokens> ExchangesInUse => _exchanged.InUse;

    /// <summary>Where the gateway's own token is.</summary>
    public TokenSlot Of(ClientCredentials grant) => _own.GetOrAdd(grant, () =>
    {
        var secret = client.Open(grant);
        return new(_ => client.FetchAsync(grant, secret, subject: null), time, () => client.Recovered(grant));
    });

    /// <summary>Where tokens in exchange for callers' are.</summary>
    public ExchangedTokens Of(TokenExchange grant) => _exchanged.GetOrAdd(grant, () =>
    {
        var secret = client.Open(grant);
        return new(grant, subject => client.FetchAsync(grant, secret, subject), time);
    });
}
