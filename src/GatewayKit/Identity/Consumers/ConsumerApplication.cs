using System.ComponentModel.DataAnnotations;

namespace GatewayKit.Identity.Consumers;

/// <summary>One program of a <see cref="Consumer"/>, with credentials and subscriptions of its own. Immutable, with value equality.</summary>
public sealed record ConsumerApplication : ICredentialHolder
{
    /// <summary>What tells the applications of one consumer apart: 1 to 64 characters, without colons and control characters.</summary>
    [Required]
    public required string Id { get; init; }

    /// <summary>Whether it may call. Default <see cref="ConsumerState.Active"/>.</summary>
    public ConsumerState State { get; init; }

    /// <summary>The id of the plan for all routes that are part of no product. Default that of the consumer.</summary>
    public string? Plan { get; init; }

    /// <summary>What it is granted, where a key does not say otherwise; an empty list is nothing. Default <see langword="null"/>: what the consumer is.</summary>
    public IReadOnlyList<string>? Scopes { get; init => field = value is null ? null : ValueList<string>.From(value); }

    /// <inheritdoc cref="Consumer.Keys"/>
    public IReadOnlyList<ConsumerKey> Keys { get; init => field = ValueList<ConsumerKey>.From(value); } = ValueList<ConsumerKey>.Empty;

    /// <inheritdoc cref="Consumer.SigningKeys"/>
    public IReadOnlyList<ConsumerSigningKey> SigningKeys { get; init => field = ValueList<ConsumerSigningKey>.From(value); } = ValueList<ConsumerSigningKey>.Empty;

    /// <inheritdoc cref="Consumer.Identities"/>
    public IReadOnlyList<string> Identities { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>The products that it is subscribed to, beside those of the consumer.</summary>
    public IReadOnlyList<Subscription> Subscriptions { get; init => field = ValueList<Subscription>.From(value); } = ValueList<Subscription>.Empty;

    string? ICredentialHolder.ApplicationId => Id;
}

/// <summary>What consumers and applications have in common.</summary>
internal interface ICredentialHolder
{
    string? ApplicationId { get; }

    ConsumerState State { get; }

    string? Plan { get; }

    IReadOnlyList<string>? Scopes { get; }

    IReadOnlyList<ConsumerKey> Keys { get; }

    IReadOnlyList<ConsumerSigningKey> SigningKeys { get; }

    IReadOnlyList<string> Identities { get; }

    IReadOnlyList<Subscription> Subscriptions { get; }
}
