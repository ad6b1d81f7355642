using System.ComponentModel.DataAnnotations;

namespace GatewayKit.Identity.Access;

/// <summary>Callers get at what is their own: a claim of theirs equals a value of the path. Immutable, with value equality.</summary>
public sealed record TenantRule
{
    /// <summary>The type of the claim; case counts. Of several claims of the type one has to be equal.</summary>
    [Required]
    public required string Claim { get; init; }

    /// <summary>The parameter of the route's template, such as <c>tenant</c> in <c>/t/{tenant}/{**rest}</c>.</summary>
    [Required]
    public required string RouteValue { get; init; }
}
