using System.ComponentModel.DataAnnotations;
using GatewayKit.Auditing.Records;
using GatewayKit.Pipeline;
using Microsoft.Extensions.Options;

namespace GatewayKit.Auditing;

/// <summary>
/// Records each request at an endpoint in the journal: its beginning before a destination or handler is asked, its end when the last byte is out. What cannot be recorded is not
/// served: 503 <c>audit-unavailable</c>. In <see cref="PolicyMode.Shadow"/> it is served all the same.
/// </summary>
public sealed record AuditPolicy : IAnswerPolicy, IOrderedPolicy, IArrivalPolicy, IValidatableObject
{
    /// <summary>What it is called in configurations and records.</summary>
    internal const string Name = "Audit";

    /// <summary>How many fields of a request, of an answer and of a query are recorded at most.</summary>
    internal const int MostFields = 32;

    /// <summary>When a request may go on. Default <see cref="AuditDelivery.Guaranteed"/>.</summary>
    public AuditDelivery Delivery { get; init; }

    /// <summary>How the path is recorded. Default <see cref="AuditPath.Template"/>: ids in it stay out of the journal.</summary>
    public AuditPath Path { get; init; }

    /// <summary>Fields of requests that are recorded, at most 32; case is ignored. Default none. Credentials are refused here, and are not recorded whatever they are called.</summary>
    public IReadOnlyList<string> RequestHeaders { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>Fields of answers that are recorded, at most 32; case is ignored. Default none.</summary>
    public IReadOnlyList<string> ResponseHeaders { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>Keys of the query whose values are recorded, at most 32; case is ignored. Default none: the query stays out of the journal.</summary>
    public IReadOnlyList<string> QueryKeys { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>What is recorded of bodies. Default <see langword="null"/>: nothing.</summary>
    [ValidateObjectMembers]
    public AuditBody? Body { get; init; }

    /// <inheritdoc/>
    public PolicyMode Mode { get; init; }

    GatewayStage IGatewayPolicy.Stage => GatewayStage.Observe;

    int IOrderedPolicy.Order => 0;

    bool IArrivalPolicy.SeesArrival => Body is { Request: true };

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        foreach (var (key, names, isField) in ((string, IReadOnlyList<string>, bool)[])[
            (nameof(RequestHeaders), RequestHeaders, true), (nameof(ResponseHeaders), ResponseHeaders, true), (nameof(QueryKeys), QueryKeys, false)])
        {
            if (names.Count > MostFields)
            {
                yield return new($"{key} has {names.Count} names; at most {MostFields} are recorded.", [key]);
            }

            if (names.GroupBy(static name => name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(static same => same.Skip(1).Any()) is { } twice)
            {
                yield return new($"{key} has '{twice.Key}' twice; case is ignored.", [key]);
            }

            foreach (var name in names)
            {
                if (string.IsNullOrEmpty(name) || (isField && name.AsSpan().ContainsAnyExcept(HttpToken.Characters)))
                {
                    yield return new($"{key} has '{name}', which is no name.", [key]);
                }
                else if (isField ? SecretNames.Include(name) : SecretNames.IncludeKey(name))
                {
                    yield return new($"{key} has '{name}', which holds or may hold a secret and is never recorded. Take it out.", [key]);
                }
            }
        }
    }
}

/// <summary>How the journal has the path of a request.</summary>
public enum AuditPath
{
    /// <summary>As the template of the route, such as <c>/orders/{id}</c>. The default.</summary>
    Template,

    /// <summary>As it is matched and forwarded (RFC 3986 §6.2.2), at most 512 characters.</summary>
    Canonical,
}
