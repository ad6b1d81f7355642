using System.Security.Claims;
using System.Text;

namespace GatewayKit.Pipeline;

/// <summary>
/// Who is calling, once a policy of the stage <see cref="GatewayStage.Identify"/> has found out: what throttles, quotas, routing, records and metrics go by. Immutable.
/// </summary>
public sealed class GatewayConsumer
{
    private readonly string? _subscription;

    /// <summary>Says who is calling.</summary>
    /// <param name="id">What tells consumers apart; case counts.</param>
    /// <exception cref="ArgumentException"><paramref name="id"/> is empty.</exception>
    public GatewayConsumer(string id)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        Id = id;
    }

    private GatewayConsumer(GatewayConsumer other)
    {
        (Id, ApplicationId, ProductId, Plan, CredentialId) = (other.Id, other.ApplicationId, other.ProductId, other.Plan, other.CredentialId);
        (Scopes, IsRegistered, Subscription, Principal, IsOnTrial, Credential) = (other.Scopes, other.IsRegistered, other.Subscription, other.Principal, other.IsOnTrial, other.Credential);
    }

    /// <summary>What tells consumers apart.</summary>
    public string Id { get; }

    /// <summary>The application of the consumer that calls; <see langword="null"/> if the credential is the consumer's own.</summary>
    public string? ApplicationId { get; init; }

    /// <summary>The product that the application is subscribed to and the route is part of; <see langword="null"/> without one.</summary>
    public string? ProductId { get; init; }

    /// <summary>The limits and the class that come with the subscription; <see langword="null"/> without any.</summary>
    public Plan? Plan { get; init; }

    /// <summary>The public id of the credential; never a part of its secret. <see langword="null"/> if it has none.</summary>
    public string? CredentialId { get; init; }

    /// <summary>What the caller was granted.</summary>
    public IReadOnlyList<string> Scopes { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>Whether a store knows the consumer; otherwise somebody else, such as the issuer of a token, vouches for it.</summary>
    public bool IsRegistered { get; init; }

    /// <summary>
    /// The identity that the consumer was found by, whose claims are the caller's; <see langword="null"/> if nothing that has claims says who calls, such as a key alone. A policy that finds the
    /// caller by claims it has checked sets it: rules, partitions, priorities and headers by claims go by nothing else where a consumer is known, also not by
    /// <see cref="Microsoft.AspNetCore.Http.HttpContext.User"/>, who may be somebody else. Nobody changes it once it is here. Default <see langword="null"/>.
    /// </summary>
    public ClaimsPrincipal? Principal { get; init; }

    /// <summary>Whether a policy has found the consumer that is only tried: limits in force do not go by it, and one that a policy in force finds replaces it.</summary>
    internal bool IsOnTrial { get; private init; }

    /// <summary>The credential that a store has found, with all that it says of its owner: for Identity alone. <see langword="null"/> for one whom no store knows.</summary>
    internal object? Credential { get; init; }

    /// <summary>Whose requests a plan counts together: those of one subscription, or of one consumer without subscriptions.</summary>
    internal string Subscription
    {
        get => _subscription ?? Id;
        init => _subscription = value;
    }

    /// <summary>What tells a subscription apart from all others: each part with its length, because ids may hold anything.</summary>
    internal static string SubscriptionOf(string consumer, string? application, string? product)
    {
        var text = new StringBuilder();
        foreach (var part in (ReadOnlySpan<string?>)[consumer, application, product])
        {
            text.Append(part?.Length ?? -1).Append(':').Append(part).Append('/');
        }

        return text.ToString();
    }

    /// <summary>Whether the caller was granted a scope; case counts (RFC 6749 §3.3).</summary>
    public bool HasScope(string scope)
    {
        ArgumentNullException.ThrowIfNull(scope);
        // By index: there is no enumerator to be made for each request.
        var scopes = (ValueList<string>)Scopes;
        for (var i = 0; i < scopes.Count; i++)
        {
            if (string.Equals(scopes[i], scope, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The same caller, granted something else.</summary>
    internal GatewayConsumer WithScopes(IReadOnlyList<string> scopes) => new(this) { Scopes = scopes };

    /// <summary>The same caller, found by a policy that is only tried.</summary>
    internal GatewayConsumer OnTrial() => new(this) { IsOnTrial = true };

    /// <summary>The same caller, found by an identity.</summary>
    internal GatewayConsumer FoundBy(ClaimsPrincipal principal) => new(this) { Principal = principal };

    /// <summary>
    /// The same caller, who has shown another credential as well: with its claims if they have none so far. Two applications of one consumer are two callers, whose rights do not add up.
    /// </summary>
    internal GatewayConsumer AlsoFoundAs(GatewayConsumer other) =>
        Principal is null && other.Principal is { } principal && (ApplicationId is null || other.ApplicationId is null || ApplicationId == other.ApplicationId) ? FoundBy(principal) : this;

    /// <inheritdoc/>
    public override string ToString() => ApplicationId is null ? Id : $"{Id}/{ApplicationId}";
}
