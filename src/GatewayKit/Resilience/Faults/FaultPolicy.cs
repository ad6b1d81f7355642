using System.ComponentModel.DataAnnotations;
using System.Net;
using GatewayKit.Pipeline;
using Microsoft.Extensions.Options;

namespace GatewayKit.Resilience.Faults;

/// <summary>
/// Injects faults on purpose, to see how callers or the gateway's own resilience bear them. Needs <see cref="GatewayOptions.FaultInjection"/>. Faults
/// are drawn independently of each other: first a delay, then an abort or, where there is an answer, its slow body.
/// </summary>
public sealed record FaultPolicy : IGatewayPolicy, IValidatableObject
{
    /// <summary>How long faults are injected in Development if <see cref="Until"/> does not say.</summary>
    internal static readonly TimeSpan DefaultDuration = TimeSpan.FromMinutes(15);

    /// <summary>Where. Default <see cref="FaultPosition.Client"/>.</summary>
    public FaultPosition Position { get; init; }

    /// <summary>Requests that wait. Default none.</summary>
    [ValidateObjectMembers]
    public FaultDelay? Delay { get; init; }

    /// <summary>Requests that fail. Default none.</summary>
    [ValidateObjectMembers]
    public FaultAbort? Abort { get; init; }

    /// <summary>Answers whose body is slow. Default none.</summary>
    [ValidateObjectMembers]
    public FaultBodyRate? BodyRate { get; init; }

    /// <summary>Whether each attempt at a destination draws for itself, or a request meets the same in each. Default <see cref="FaultDraw.PerAttempt"/>.</summary>
    public FaultDraw Draw { get; init; }

    /// <summary>
    /// The headers that a request must have, each with exactly this value; <c>*</c> for any. Default none: any request. Headers are a
    /// client's word, and a fault at a destination is everybody's: those of clients that are neither authenticated nor of <see cref="From"/> do not count.
    /// </summary>
    public IReadOnlyDictionary<string, string> Match { get; init => field = ValueMap<string>.From(value); } = ValueMap<string>.Empty;

    /// <summary>The networks whose clients may ask for faults by <see cref="Match"/> without being authenticated. Default none.</summary>
    public IReadOnlyList<IPNetwork> From { get; init => field = ValueList<IPNetwork>.From(value); } = ValueList<IPNetwork>.Empty;

    /// <summary>How many requests of an endpoint may suffer at once, 1 to 100,000; others are spared. Default 100.</summary>
    [Range(1, 100_000)]
    public int MaxActive { get; init; } = 100;

    /// <summary>When it ends by itself. Required outside Development, where it is 15 minutes after the start or the change if nothing is said.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Makes what is drawn the same each time requests come in the same order. Default none: something else each time.</summary>
    public int? Seed { get; init; }

    /// <inheritdoc/>
    public PolicyMode Mode { get; init; }

    /// <inheritdoc/>
    [Range(1, 100)]
    public int EnforcePercent { get; init; } = 100;

    IGatewayPolicy IGatewayPolicy.InShadow() => this with { Mode = PolicyMode.Shadow };

    // Callers who were refused anyway take no part. Before stored answers and fallbacks, which would hide faults, and before bulkheads and
    // deadlines, which a delay in front of the gateway would not use up.
    GatewayStage IGatewayPolicy.Stage => GatewayStage.Validate;

    object IGatewayPolicy.Slot => (typeof(FaultPolicy), Position);

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        if (Delay is null && Abort is null && BodyRate is null)
        {
            yield return new("It injects nothing. Give it a Delay, an Abort or a BodyRate.", [nameof(Delay)]);
        }

        if (Delay is { } delay && (delay.Time <= TimeSpan.Zero || delay.Time > FaultDelay.Longest))
        {
            yield return new($"Delay.Time is {delay.Time:c}; it must be more than zero and at most {FaultDelay.Longest:c}.", [nameof(Delay)]);
        }

        if (Abort is { Reset: true, GrpcStatus: not null })
        {
            yield return new("Abort has Reset and GrpcStatus; an answer that is cut off has no status. Remove one.", [nameof(Abort)]);
        }

        foreach (var (name, value) in Match)
        {
            if (!HttpToken.Is(name) || string.IsNullOrEmpty(value))
            {
                yield return new($"Match has '{name}': '{value}'. Write the name of a header and its value, or \"*\" for any.", [nameof(Match)]);
            }
        }

        if (From.Count > 0 && Match.Count == 0)
        {
            yield return new("From says who may ask for faults by headers, and Match names none. Add Match, or remove From.", [nameof(From)]);
        }

        if (From.Any(static network => network.PrefixLength == 0))
        {
            yield return new("From has a network of everyone. Name the networks of those who test.", [nameof(From)]);
        }
    }
}
