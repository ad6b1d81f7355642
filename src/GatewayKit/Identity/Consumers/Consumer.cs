using System.ComponentModel.DataAnnotations;
using GatewayKit.Pipeline;

namespace GatewayKit.Identity.Consumers;

/// <summary>
/// Who may call: a partner, a team, an application. In the simplest case an id with a key; in full, applications with subscriptions to products, each with its plan. Immutable, with
/// value equality.
/// </summary>
public sealed record Consumer : ICredentialHolder
{
    /// <summary>What tells consumers apart, in logs, metrics, records and towards destinations: 1 to 64 characters, without colons and control characters.</summary>
    [Required]
    public required string Id { get; init; }

    /// <summary>What people call it, at most 200 characters. Default none.</summary>
    public string? DisplayName { get; init; }

    /// <summary>Whether it may call. Default <see cref="ConsumerState.Active"/>.</summary>
    public ConsumerState State { get; init; }

    /// <summary>The id of the plan for all routes that are part of no product. Default none: no limits but those of routes.</summary>
    public string? Plan { get; init; }

    /// <summary>What it is granted, where neither an application nor a key says otherwise. Default nothing.</summary>
    public IReadOnlyList<string> Scopes { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>Its API keys, at most two live ones, so that one can follow the other.</summary>
    public IReadOnlyList<ConsumerKey> Keys { get; init => field = ValueList<ConsumerKey>.From(value); } = ValueList<ConsumerKey>.Empty;

    /// <summary>The keys that it signs requests with.</summary>
    public IReadOnlyList<ConsumerSigningKey> SigningKeys { get; init => field = ValueList<ConsumerSigningKey>.From(value); } = ValueList<ConsumerSigningKey>.Empty;

    /// <summary>
    /// What tokens and other identities of the host's authentication schemes call it: the scheme, a slash and the value of the claim that identifies, such as <c>Bearer/orders-app</c>; of the host's default scheme the value alone will do. Default none.
    /// </summary>
    public IReadOnlyList<string> Identities { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>The products that it is subscribed to.</summary>
    public IReadOnlyList<Subscription> Subscriptions { get; init => field = ValueList<Subscription>.From(value); } = ValueList<Subscription>.Empty;

    /// <summary>Its applications, each with credentials and subscriptions of its own.</summary>
    public IReadOnlyList<ConsumerApplication> Applications { get; init => field = ValueList<ConsumerApplication>.From(value); } = ValueList<ConsumerApplication>.Empty;

    /// <summary>What others want to know of it, such as a number at the billing. The gateway does not look at it.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init => field = ValueMap<string>.From(value); } = ValueMap<string>.Empty;

    string? ICredentialHolder.ApplicationId => null;
}

/// <summary>Whether a <see cref="Consumer"/> or an application may call.</summary>
public enum ConsumerState
{
    /// <summary>It may.</summary>
    Active,

    /// <summary>It may not, for the time being: its credentials are refused.</summary>
    Suspended,
}
