using System.ComponentModel.DataAnnotations;
using GatewayKit.Pipeline;

namespace GatewayKit.Resilience.Bulkheads;

/// <summary>
/// Shares places out among classes of requests (<see cref="GatewayContext.Priority"/>). As long as there is room, any class may have any place; when all
/// are taken, those that hold less than their share come first. Immutable, with value equality.
/// </summary>
public sealed record PriorityShares : IValidatableObject
{
    private static readonly ValueMap<double> Usual = ValueMap<double>.From(
    [
        new(PriorityClass.Critical, 0.5), new(PriorityClass.Standard, 0.4), new(PriorityClass.BestEffort, 0.1),
    ]);

    /// <summary>
    /// What share of the places each class is entitled to, more than 0 to 1, by its name; together at most 1. A class that is not among them
    /// has no share: it is the first to find no place, and the last to get one that comes free. Default: <c>Critical</c> 0.5, <c>Standard</c> 0.4,
    /// <c>BestEffort</c> 0.1.
    /// </summary>
    public IReadOnlyDictionary<string, double> Shares { get; init => field = ValueMap<double>.From(value); } = Usual;

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        if (Shares.Count == 0)
        {
            yield return new("Shares is empty. Name classes and their shares, or leave it out for the usual ones.", [nameof(Shares)]);
        }

        foreach (var (name, share) in Shares.Where(static entry => entry.Value is not (> 0 and <= 1)))
        {
            yield return new(FormattableString.Invariant($"The share of '{name}' is {share}; it must be more than 0 and at most 1. A class that is entitled to nothing is left out."), [nameof(Shares)]);
        }

        if (Shares.Values.Sum() is > 1 + 1e-9 and var sum)
        {
            yield return new(FormattableString.Invariant($"The shares add up to {sum:0.###}; together they must be at most 1. Lower one of them."), [nameof(Shares)]);
        }
    }
}
