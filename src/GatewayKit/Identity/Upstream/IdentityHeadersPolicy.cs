using System.ComponentModel.DataAnnotations;
using GatewayKit.Pipeline;

namespace GatewayKit.Identity.Upstream;

/// <summary>
/// Tells destinations who is calling, in headers that no client can send: copies of clients are removed in all their spellings, also while nobody is known. What is not
/// visible ASCII, and <c>%</c> and <c>,</c>, is percent-encoded as UTF-8; several values are joined by commas, scopes by spaces.
/// </summary>
public sealed record IdentityHeadersPolicy : IGuardPolicy, IOwnsFields, IValidatableObject
{
    /// <summary>The header with the consumer's id; empty for none. Default <c>X-GW-Consumer</c>.</summary>
    public string Consumer { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = "X-GW-Consumer";

    /// <summary>The header with the id of the consumer's application; empty for none. Default <c>X-GW-Application</c>.</summary>
    public string Application { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = "X-GW-Application";

    /// <summary>The header with the product that is subscribed to; empty for none. Default <c>X-GW-Product</c>.</summary>
    public string Product { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = "X-GW-Product";

    /// <summary>The header with the id of the plan; empty for none. Default <c>X-GW-Plan</c>.</summary>
    public string Plan { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = "X-GW-Plan";

    /// <summary>The header with the public id of the credential; empty for none. Default <c>X-GW-Credential</c>.</summary>
    public string Credential { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = "X-GW-Credential";

    /// <summary>The header with what was granted; empty for none. Default <c>X-GW-Scopes</c>.</summary>
    public string Scopes { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = "X-GW-Scopes";

    /// <summary>Claims of the caller by their types, and the header of each: of the identity that the consumer was found by, or, where no consumer is known, of the authenticated user of the host. Default none.</summary>
    public IReadOnlyDictionary<string, string> Claims { get; init => field = ValueMap<string>.From(value); } = ValueMap<string>.Empty;

    /// <summary>In <see cref="PolicyMode.Shadow"/> nothing is removed and nothing told. Default <see cref="PolicyMode.Enforce"/>.</summary>
    public PolicyMode Mode { get; init; }

    /// <inheritdoc/>
    [Range(1, 100)]
    public int EnforcePercent { get; init; } = 100;

    /// <summary>The names of the headers that are in use.</summary>
    internal IEnumerable<string> Headers => new[] { Consumer, Application, Product, Plan, Credential, Scopes }.Where(static name => name.Length > 0).Concat(Claims.Values);

    IEnumerable<string> IOwnsFields.OwnFields => Headers;

    IGatewayPolicy IGatewayPolicy.InShadow() => this with { Mode = PolicyMode.Shadow };

    GatewayStage IGatewayPolicy.Stage => GatewayStage.Protect;

    GuardPlace IGuardPolicy.Guard => GuardPlace.Credentials;

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        foreach (var name in Headers)
        {
            if (!HttpToken.Is(name) || MessageFields.WhyFixedInRequest(name) is not null || name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase)
                || name.Equals("Authorization", StringComparison.OrdinalIgnoreCase) || name.Equals("Cookie", StringComparison.OrdinalIgnoreCase))
            {
                yield return new($"'{name}' is no header that can tell who is calling. Take one of its own, such as \"X-Tenant\".");
            }
        }

        foreach (var doubled in Headers.GroupBy(static name => name.Replace('_', '-').Replace('.', '-'), StringComparer.OrdinalIgnoreCase).Where(static group => group.Count() > 1))
        {
            yield return new($"{string.Join(" and ", doubled)} are one header to some servers. Give each value a header of its own.");
        }
    }
}
