using GatewayKit.Identity.OwnCalls;

namespace GatewayKit.Identity.Upstream;

/// <summary>The tokens that callers' tokens were exchanged for, by the SHA-256 of these. Bounded. Safe for concurrent use.</summary>
internal sealed class ExchangedTokens(TokenExchange exchange, Func<string?, Task<TokenResult>> fetch, TimeProvider time)
{
    /// <summary>How many tokens are fetched at once.</summary>
    public const int MostFetches = 100;

    private readonly TokenCache<TokenSlot> _slots = new(exchange.MaxTokens);
    private int _fetches;

    /// <summary>How many are kept.</summary>
    public int Count => _slots.Count;

    /// <summary>Where the token is for a caller's.</summary>
    public TokenSlot Of(string subject) => _slots.GetOrAdd(TokenHash.Of(subject), this, static tokens => tokens.CreateSlot());

    private TokenSlot CreateSlot() => new(FetchAsync, time);

    // Whoever sends tokens that nobody issued makes no more than these wait.
    private async Task<TokenResult> FetchAsync(string? subject)
    {
        if (Interlocked.Increment(ref _fetches) > MostFetches)
        {
            Interlocked.Decrement(ref _fetches);
            return TokenResult.Failed(CallFailure.Overloaded);
        }

        try
        {
            return await fetch(subject).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _fetches);
        }
    }
}
