using System.ComponentModel.DataAnnotations;
using GatewayKit.Pipeline;

namespace GatewayKit.Identity.Consumers;

/// <summary>What an application may call, and how much: a product with a plan. Immutable, with value equality.</summary>
public sealed record Subscription
{
    /// <summary>The id of the product.</summary>
    [Required]
    public required string Id { get; init; }

    /// <summary>The id of the plan.</summary>
    [Required]
    public required string Plan { get; init; }

    /// <summary>How far it has come. Default <see cref="SubscriptionState.Active"/>; all others are refused.</summary>
    public SubscriptionState State { get; init; }

    /// <summary>When it ends. Default never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Limits that hold in place of those of the plan that have the same purpose.</summary>
    public IReadOnlyList<IPlanLimit> Policies { get; init => field = ValueList<IPlanLimit>.From(value); } = ValueList<IPlanLimit>.Empty;
}

/// <summary>How far a <see cref="Subscription"/> has come.</summary>
public enum SubscriptionState
{
    /// <summary>It grants access.</summary>
    Active,

    /// <summary>It waits for approval.</summary>
    Submitted,

    /// <summary>It grants nothing for the time being.</summary>
    Suspended,

    /// <summary>It was not approved.</summary>
    Rejected,

    /// <summary>It is over.</summary>
    Cancelled,
}
