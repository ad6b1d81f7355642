using System.ComponentModel.DataAnnotations;
using GatewayKit.Pipeline;

namespace GatewayKit.Identity.AnyOf;

/// <summary>
/// Finds out who is calling by the first of several ways whose credential a request has. The others that are there have to hold and to be of the same caller, or the request is refused; several
/// policies beside each other are all asked for.
/// </summary>
public sealed record AnyOfPolicy : IIdentityPolicy, ICredentialPlaces, IValidatableObject
{
    /// <summary>The ways, in the order in which they are looked for; at least two. In JSON each policy is a key of its own.</summary>
    public IReadOnlyList<ICredentialPolicy> Policies { get; init => field = ValueList<ICredentialPolicy>.From(value); } = ValueList<ICredentialPolicy>.Empty;

    /// <inheritdoc/>
    public PolicyMode Mode { get; init; }

    /// <inheritdoc/>
    [Range(1, 100)]
    public int EnforcePercent { get; init; } = 100;

    IEnumerable<string> ICredentialPlaces.CredentialFields => Policies.OfType<ICredentialPlaces>().SelectMany(static way => way.CredentialFields);

    IEnumerable<string> ICredentialPlaces.CredentialQueryKeys => Policies.OfType<ICredentialPlaces>().SelectMany(static way => way.CredentialQueryKeys);

    IGatewayPolicy IGatewayPolicy.InShadow() => this with { Mode = PolicyMode.Shadow };

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        if (Policies.Count < 2)
        {
            yield return new("AnyOf has fewer than two ways, so that there is no choice. Write the one as a policy of its own, or add another.");
        }

        foreach (var way in Policies.Where(static way => way.Mode is PolicyMode.Shadow || way.EnforcePercent < 100))
        {
            yield return new($"{way.GetType().Name} in AnyOf has a mode of its own. Write Mode and EnforcePercent at AnyOf.");
        }

        foreach (var way in Policies.Where(static way => way is { FindsCaller: false }))
        {
            yield return new($"{way.GetType().Name} finds out nobody as it is set, so that it is no way to say who calls. Give it what names the caller, or set it beside AnyOf.");
        }
    }
}
