using System.ComponentModel.DataAnnotations;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Resilience.Priorities;

/// <summary>
/// Says which class requests belong to (<see cref="GatewayContext.Priority"/>), so that those that matter less give way where there is not room for all. It
/// refuses nobody by itself.
/// </summary>
public sealed record RequestPriorityPolicy : IOrderedPolicy, IValidatableObject
{
    /// <summary>The class of requests of which nothing else says one. Default <see cref="PriorityClass.Standard"/>.</summary>
    public string Class { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = PriorityClass.Standard;

    /// <summary>
    /// The type of a claim, such as <c>plan</c>, whose value says the class by <see cref="Classes"/>: of a user whom the host has authenticated before the
    /// endpoint runs, and, once a policy has found out who calls, of that caller (<see cref="GatewayConsumer.Principal"/>). Default none.
    /// </summary>
    public string? Claim { get; init; }

    /// <summary>
    /// A header whose value says the class by <see cref="Classes"/>: one that a proxy in front sets and removes from what clients send. It raises the class above
    /// <see cref="Class"/> only where the peer is one of <see cref="GatewayOptions.TrustedProxies"/>; from any other it may lower it. Default none.
    /// </summary>
    public string? Header { get; init; }

    /// <summary>Which value of <see cref="Claim"/> or <see cref="Header"/> means which class; case is ignored. Any other means <see cref="Class"/>.</summary>
    public IReadOnlyDictionary<string, string> Classes { get; init => field = ValueMap<string>.From(value); } = ValueMap<string>.Empty;

    /// <summary>
    /// A header by which clients may ask for a lower class than they have, by its name. One that would raise it, or that there is not, counts for
    /// nothing. Default none.
    /// </summary>
    public string? ClientHeader { get; init; }

    /// <summary>
    /// Finds the class; what it returns counts before all else but <see cref="ClientHeader"/>, and <see langword="null"/> leaves it to the rest. Only in code. It must be
    /// quick and safe for concurrent use. Default none.
    /// </summary>
    public Func<HttpContext, string?>? Select { get; init; }

    /// <summary>Whether the policy counts. In <see cref="PolicyMode.Shadow"/> it does nothing: a class that nobody gives way for tells nothing.</summary>
    public PolicyMode Mode { get; init; }

    /// <summary>Of how many of a hundred callers requests are put in a class, 1 to 100; those of others are <see cref="PriorityClass.Standard"/>. Default 100.</summary>
    [Range(1, 100)]
    public int EnforcePercent { get; init; } = 100;

    IGatewayPolicy IGatewayPolicy.InShadow() => this with { Mode = PolicyMode.Shadow };

    // Known before anybody is refused for want of room.
    GatewayStage IGatewayPolicy.Stage => GatewayStage.Admit;

    int IOrderedPolicy.Order => 0;

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        if (Claim is not null && Header is not null)
        {
            yield return new("Claim and Header are both set, and one value says the class. Remove one of them.", [nameof(Header)]);
        }

        if ((Claim is null && Header is null) != (Classes.Count == 0))
        {
            yield return new("Classes says which value of Claim or Header means which class: there is one without the other. Add it, or remove both.", [nameof(Classes)]);
        }

        foreach (var (name, header) in new[] { (nameof(Header), Header), (nameof(ClientHeader), ClientHeader) })
        {
            if (header is not null && !HttpToken.Is(header))
            {
                yield return new($"{name} is '{header}', which is not a header name.", [name]);
            }
        }

        if (ClientHeader is not null && string.Equals(ClientHeader, Header, StringComparison.OrdinalIgnoreCase))
        {
            yield return new($"ClientHeader and Header are both '{Header}': clients could raise their class. Name another header.", [nameof(ClientHeader)]);
        }
    }
}
