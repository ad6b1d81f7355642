using System.ComponentModel.DataAnnotations;

namespace GatewayKit.Identity.Access;

/// <summary>A claim that a caller must have. Immutable, with value equality.</summary>
public sealed record RequiredClaim : IValidatableObject
{
    /// <summary>The type of the claim; case counts.</summary>
    [Required]
    public required string Type { get; init; }

    /// <summary>The values of which it has one; case counts. At least one.</summary>
    public required IReadOnlyList<string> Values { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        if (Values.Count == 0)
        {
            yield return new("Values is empty, so that nobody could have one. Name values.", [nameof(Values)]);
        }
    }
}
