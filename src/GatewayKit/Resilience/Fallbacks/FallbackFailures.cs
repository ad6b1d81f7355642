using System.ComponentModel.DataAnnotations;
using System.Globalization;
using GatewayKit.Pipeline;

namespace GatewayKit.Resilience.Fallbacks;

/// <summary>Failures in which a fallback stands in; one that any of these names is enough.</summary>
public sealed record FallbackFailures : IValidatableObject
{
    // Those of the side that serves. What a client does wrong is no better elsewhere.
    private static readonly string[] Known = [.. new[]
    {
        RejectionReason.CircuitOpen, RejectionReason.NoHealthyUpstream, RejectionReason.Overloaded, RejectionReason.UpstreamConnect, RejectionReason.UpstreamTls,
        RejectionReason.UpstreamProtocol, RejectionReason.UpstreamReset, RejectionReason.UpstreamTimeout, RejectionReason.DeadlineExceeded, RejectionReason.FilterError,
    }.Select(static reason => reason.Code)];

    /// <summary>
    /// Reason codes of the gateway's own refusals and failures. Default <c>upstream-connect</c>, <c>upstream-tls</c>, <c>upstream-protocol</c>,
    /// <c>upstream-reset</c>, <c>upstream-timeout</c>. Besides these there are <c>deadline-exceeded</c>, after which only a fixed answer is given,
    /// <c>filter-error</c>, and those of <see cref="FallbackPolicy.OnOpen"/>.
    /// </summary>
    public IReadOnlyList<string> Reasons { get; init => field = ValueList<string>.From(value); } =
        ValueList<string>.From(["upstream-connect", "upstream-tls", "upstream-protocol", "upstream-reset", "upstream-timeout"]);

    /// <summary>Statuses of answers, 400 to 599. Default 502, 503, 504.</summary>
    public IReadOnlyList<int> Statuses { get; init => field = ValueList<int>.From(value); } = ValueList<int>.From([502, 503, 504]);

    /// <summary>Whether an exception of a handler or filter of the host is one, unless the client is to blame for it or gone. Default yes.</summary>
    public bool Exceptions { get; init; } = true;

    /// <summary>Code that says what else is one. It is asked about every failure and every answer with a status of 400 and above. Default none.</summary>
    public Func<FallbackCause, bool>? When { get; init; }

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        foreach (var reason in Reasons.Where(static reason => !Known.Contains(reason, StringComparer.Ordinal)))
        {
            var meant = NearestName.Of(reason ?? string.Empty, Known);
            yield return new(
                $"'{reason}' is no reason that a fallback can mend. {(meant is null ? $"There are: {string.Join(", ", Known)}." : $"Did you mean '{meant}'?")}", [nameof(Reasons)]);
        }

        foreach (var status in Statuses.Where(static status => status is < 400 or > 599))
        {
            yield return new(string.Create(CultureInfo.InvariantCulture, $"{status} is no failure. Statuses are from 400 to 599."), [nameof(Statuses)]);
        }
    }
}
