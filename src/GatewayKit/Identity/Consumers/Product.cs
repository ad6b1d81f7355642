using System.ComponentModel.DataAnnotations;
using GatewayKit.Pipeline;

namespace GatewayKit.Identity.Consumers;

/// <summary>Routes that are offered together. A route that is part of a product is open to its subscribers only. Immutable, with value equality.</summary>
public sealed record Product
{
    /// <summary>The name that subscriptions say; case is ignored.</summary>
    [Required]
    public required string Id { get; init; }

    /// <summary>The ids of its routes, and the names of endpoints of the host; at least one.</summary>
    public IReadOnlyList<string> Routes { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>The ids of plans that can be chosen. Default all.</summary>
    public IReadOnlyList<string> Plans { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>Whether who wants to subscribe has to be approved, for those who show it to others. Default no.</summary>
    public bool NeedsApproval { get; init; }

    /// <summary>Limits that hold where a plan has none of the same purpose.</summary>
    public IReadOnlyList<IPlanLimit> Policies { get; init => field = ValueList<IPlanLimit>.From(value); } = ValueList<IPlanLimit>.Empty;

    /// <summary>Whether a product is among some, by their ids.</summary>
    internal static bool IsAmong(IReadOnlyList<string> products, string? id)
    {
        for (var i = 0; i < products.Count; i++)
        {
            if (string.Equals(products[i], id, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
