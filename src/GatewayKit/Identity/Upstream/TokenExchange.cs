using System.ComponentModel.DataAnnotations;

namespace GatewayKit.Identity.Upstream;

/// <summary>
/// A token for the destination in exchange for the caller's (RFC 8693). The caller's is the bearer token of <c>Authorization</c>; a request without one is refused.
/// Kept for each caller's token, by its SHA-256.
/// </summary>
public sealed record TokenExchange : TokenGrant
{
    /// <summary>The type of token that is asked for. Default <c>urn:ietf:params:oauth:token-type:access_token</c>.</summary>
    public string RequestedTokenType { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = "urn:ietf:params:oauth:token-type:access_token";

    /// <summary>The type of the caller's token. Default <c>urn:ietf:params:oauth:token-type:access_token</c>.</summary>
    public string SubjectTokenType { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = "urn:ietf:params:oauth:token-type:access_token";

    /// <summary>How many tokens are kept, 100 to 1,000,000. Those that were not used lately go first. Default 10,000.</summary>
    [Range(100, 1_000_000)]
    public int MaxTokens { get; init; } = 10_000;

    /// <summary>How long a token is used at most, whatever the server says: so long may a caller's token count that was revoked meanwhile. 1 s to 1 day. Default 5 minutes.</summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromMinutes(5);

    /// <inheritdoc/>
    public override IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var error in base.Validate(validationContext))
        {
            yield return error;
        }

        if (MaxAge < TimeSpan.FromSeconds(1) || MaxAge > TimeSpan.FromDays(1))
        {
            yield return new($"MaxAge is {MaxAge:c}; it must be from 00:00:01 to 1.00:00:00.", [nameof(MaxAge)]);
        }

        foreach (var (name, type) in ((string, string)[])[(nameof(RequestedTokenType), RequestedTokenType), (nameof(SubjectTokenType), SubjectTokenType)])
        {
            if (!Uri.TryCreate(type, UriKind.Absolute, out _))
            {
                yield return new($"{name} must be the name of a type of token, such as \"urn:ietf:params:oauth:token-type:access_token\" (RFC 8693 §3).", [name]);
            }
        }
    }
}
