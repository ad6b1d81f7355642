using System.ComponentModel.DataAnnotations;

namespace GatewayKit.Pipeline;

/// <summary>What a subscription grants: limits, and the class of its requests. Immutable, with value equality.</summary>
public sealed record Plan
{
    /// <summary>The name that subscriptions say; case is ignored.</summary>
    [Required]
    public required string Id { get; init; }

    /// <summary>The class of requests (<see cref="GatewayContext.Priority"/>), one of <see cref="GatewayOptions.PriorityClasses"/>. Default none: that of the route.</summary>
    public string? Priority { get; init; }

    /// <summary>
    /// How far the plan has come. Default <see cref="PlanState.Published"/>.
    /// </summary>
    public PlanState State { get; init; }

    /// <summary>
    /// Limits of the kinds <c>Throttle</c>, <c>Quota</c> and <c>Concurrency</c>, which count by subscription over all routes: in JSON each is a key of its own. They add to those of
    /// routes, which hold for everybody.
    /// </summary>
    public IReadOnlyList<IPlanLimit> Policies { get; init => field = ValueList<IPlanLimit>.From(value); } = ValueList<IPlanLimit>.Empty;
}

/// <summary>How far a <see cref="Plan"/> has come.</summary>
public enum PlanState
{
    /// <summary>It can be subscribed to.</summary>
    Published,

    /// <summary>It is being written; nobody can use it.</summary>
    Draft,

    /// <summary>It serves who has it, and takes nobody new.</summary>
    Deprecated,

    /// <summary>It serves nobody any more: its subscriptions are refused.</summary>
    Closed,
}
