using System.ComponentModel.DataAnnotations;
using GatewayKit.Pipeline;
using Microsoft.Extensions.Options;

namespace GatewayKit.Identity.Access;

/// <summary>
/// Whether a caller may do what it asks, once it is known who it is. All that is set has to hold. Everything but <see cref="Methods"/> and <see cref="Hours"/> needs a caller that somebody has
/// found out: requests without one are answered 401 <c>unauthenticated</c>. What cannot be decided is refused.
/// </summary>
public sealed record AccessPolicy : IGatewayPolicy, INeedsConsumer, IValidatableObject
{
    /// <summary>Scopes of which the caller needs all: those of <see cref="GatewayConsumer.Scopes"/>, or where only the host knows the caller those of its claims <c>scope</c> and <c>scp</c>. Case counts. Default none.</summary>
    public IReadOnlyList<string> Scopes { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>Scopes of which the caller needs one. Default none.</summary>
    public IReadOnlyList<string> AnyScope { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>Roles of which the caller needs one. Default none.</summary>
    public IReadOnlyList<string> Roles { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>Claims that the caller needs, each with one of its values. Default none.</summary>
    [ValidateEnumeratedItems]
    public IReadOnlyList<RequiredClaim> Claims { get; init => field = ValueList<RequiredClaim>.From(value); } = ValueList<RequiredClaim>.Empty;

    /// <summary>A claim that has to equal a value of the path; others are answered 403 <c>tenant-mismatch</c>. Default none.</summary>
    [ValidateObjectMembers]
    public TenantRule? Tenant { get; init; }

    /// <summary>The ids of the consumers that may; case counts. Default all.</summary>
    public IReadOnlyList<string> Consumers { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>The ids of the plans whose consumers may; case is ignored. Default all, and consumers without one.</summary>
    public IReadOnlyList<string> Plans { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>
    /// The names of authorization policies of the host that have to succeed (<c>AddAuthorization()</c>), with the <see cref="Microsoft.AspNetCore.Http.HttpContext"/> as their resource. Schemes that
    /// one names are not asked: who calls has been found out by then. Default none.
    /// </summary>
    public IReadOnlyList<string> AuthorizationPolicies { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>
    /// The methods that may be used; others are answered 405 <c>method-not-allowed</c> with <c>Allow</c>. A WebSocket begins with GET, also over HTTP/2. What overrides methods by a header counts for
    /// nothing. Default all that the endpoint takes.
    /// </summary>
    public IReadOnlyList<string> Methods { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>When it may be; otherwise requests are answered 403 <c>outside-hours</c>, with <c>Retry-After</c>. What began in time goes on. Default always.</summary>
    [ValidateEnumeratedItems]
    public IReadOnlyList<AccessHours> Hours { get; init => field = ValueList<AccessHours>.From(value); } = ValueList<AccessHours>.Empty;

    /// <inheritdoc/>
    public PolicyMode Mode { get; init; }

    /// <inheritdoc/>
    [Range(1, 100)]
    public int EnforcePercent { get; init; } = 100;

    /// <summary>What is tried beside it on every request: another one in <see cref="PolicyMode.Shadow"/>. Default <see langword="null"/>: nothing.</summary>
#pragma warning disable SYSLIB1212 // What is inside is checked at the start and on reload, with its path.
    public AccessPolicy? Candidate { get; init; }
#pragma warning restore SYSLIB1212

    /// <summary>Whether it asks who is calling. What its candidate asks is no part of it: that one refuses nobody.</summary>
    internal bool NeedsCaller =>
        Scopes.Count + AnyScope.Count + Roles.Count + Claims.Count + Consumers.Count + Plans.Count + AuthorizationPolicies.Count > 0 || Tenant is not null;

    IGatewayPolicy? IGatewayPolicy.Candidate => Candidate;

    IGatewayPolicy IGatewayPolicy.InShadow() => this with { Mode = PolicyMode.Shadow };

    GatewayStage IGatewayPolicy.Stage => GatewayStage.Authorize;

    // The rest goes by the user of the host as well.
    string? INeedsConsumer.NeedsConsumerFor =>
        Consumers.Count > 0 || Candidate is { Consumers.Count: > 0 } ? "it names consumers" : Plans.Count > 0 || Candidate is { Plans.Count: > 0 } ? "it names plans" : null;

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        if (Mode is not PolicyMode.Off && !NeedsCaller && Methods.Count + Hours.Count == 0 && Candidate is null)
        {
            yield return new("Nothing is asked of callers, so that it says nothing. Give it Scopes, Roles, Claims or another rule, or remove it.");
        }

        foreach (var (name, items) in new[]
        {
            (nameof(Scopes), Scopes), (nameof(AnyScope), AnyScope), (nameof(Roles), Roles), (nameof(Consumers), Consumers), (nameof(Plans), Plans), (nameof(AuthorizationPolicies), AuthorizationPolicies),
        })
        {
            if (items.Any(string.IsNullOrWhiteSpace))
            {
                yield return new($"{name} has an empty item. Remove it.", [name]);
            }
        }

        foreach (var (name, scope) in Scopes.Select(static scope => (nameof(Scopes), scope)).Concat(AnyScope.Select(static scope => (nameof(AnyScope), scope))))
        {
            if (scope.Trim().Contains(' ', StringComparison.Ordinal))
            {
                yield return new($"{name} has '{scope}', and a scope has no space in it (RFC 6749 §3.3). Write each of them by itself.", [name]);
            }
        }

        foreach (var method in Methods.Where(static method => !HttpToken.Is(method)))
        {
            yield return new($"Methods has '{method}', which is not the name of a method.", [nameof(Methods)]);
        }
    }
}
