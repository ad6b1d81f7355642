using System.ComponentModel.DataAnnotations;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace GatewayKit.Resilience.Fallbacks;

/// <summary>
/// Something else that answers when what an endpoint leads to cannot: another cluster, a fixed answer, an endpoint of the host. Only before the first
/// byte of an answer, within the deadline, once. What is not a fixed answer needs a request that may be sent again, and its body unread; for another
/// cluster it is enough that the replay buffer of the retries holds it.
/// </summary>
public sealed record FallbackPolicy : IGuardPolicy, INamesClusters, IValidatableObject
{
    /// <summary>
    /// Whether it stands in when nothing was tried: <c>circuit-open</c>, <c>no-healthy-upstream</c>, and <c>overloaded</c> from further inside, such as a
    /// cluster's limits. Default yes.
    /// </summary>
    public bool OnOpen { get; init; } = true;

    /// <summary>The failures in which it stands in. Default: none.</summary>
    [ValidateObjectMembers]
    public FallbackFailures? OnFailure { get; init; }

    /// <summary>The id of a cluster to send the request to, once and without retries; case is ignored.</summary>
    public string? Cluster { get; init; }

    /// <summary>An answer to give.</summary>
    [ValidateObjectMembers]
    public StaticResponse? Answer { get; init; }

    /// <summary>
    /// The name of an endpoint of the host (<c>WithName</c>) to run, with the filters that it has. Its parameters are bound anew, its route values are
    /// those of the request.
    /// </summary>
    public string? Endpoint { get; init; }

    /// <summary>Code to run; it writes the answer.</summary>
    public RequestDelegate? Handler { get; init; }

    /// <summary>Whether the answer says what it is, in <c>X-Gateway-Fallback</c>: <c>cluster</c>, <c>answer</c>, <c>endpoint</c> or <c>handler</c>. Default yes.</summary>
    public bool SendHeader { get; init; } = true;

    /// <inheritdoc/>
    public PolicyMode Mode { get; init; }

    /// <inheritdoc/>
    [Range(1, 100)]
    public int EnforcePercent { get; init; } = 100;

    IGatewayPolicy IGatewayPolicy.InShadow() => this with { Mode = PolicyMode.Shadow };

    GatewayStage IGatewayPolicy.Stage => GatewayStage.Protect;

    GuardPlace IGuardPolicy.Guard => GuardPlace.Fallback;

    // What does not stand in need not be there.
    IEnumerable<(string Property, string Cluster)> INamesClusters.Clusters => Mode is not PolicyMode.Off && Cluster is { } cluster ? [(nameof(Cluster), cluster)] : [];

    internal FallbackKind Kind => Answer is not null ? FallbackKind.Answer : Cluster is not null ? FallbackKind.Cluster : Endpoint is not null ? FallbackKind.Endpoint : FallbackKind.Handler;

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        var said = new[]
        {
            Cluster is null ? null : nameof(Cluster), Answer is null ? null : nameof(Answer), Endpoint is null ? null : nameof(Endpoint), Handler is null ? null : nameof(Handler),
        }.OfType<string>().ToArray();
        if (Mode is not PolicyMode.Off && said.Length != 1)
        {
            yield return new(said.Length == 0
                ? "The fallback leads nowhere. Say one of Cluster, Answer and Endpoint, or Handler in code."
                : $"The fallback leads several ways: {string.Join(" and ", said)}. Keep one of them.");
        }

        if (Mode is not PolicyMode.Off && !OnOpen && OnFailure is null)
        {
            yield return new("The fallback never stands in: OnOpen is false and there is no OnFailure. Say when it should.", [nameof(OnOpen)]);
        }
    }
}

/// <summary>What stands in.</summary>
internal enum FallbackKind
{
    Answer,
    Cluster,
    Endpoint,
    Handler,
}
