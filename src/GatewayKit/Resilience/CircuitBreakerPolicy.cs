using System.ComponentModel.DataAnnotations;
using GatewayKit.Pipeline;

namespace GatewayKit.Resilience;

/// <summary>
/// When something that fails is left alone, for how long, and how it is tried again. On a cluster it speaks of each destination by itself; on an
/// endpoint, of the endpoint as a whole.
/// </summary>
public sealed record CircuitBreakerPolicy : IGuardPolicy, IValidatableObject
{
    private static readonly TimeSpan ShortestBreak = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestBreak = TimeSpan.FromHours(1);

    /// <summary>Off, watching, or in force. Default <see cref="PolicyMode.Enforce"/>. In shadow the circuit opens and closes, is counted and logged, and stops nothing.</summary>
    public PolicyMode Mode { get; init; } = PolicyMode.Enforce;

    /// <summary>
    /// On an endpoint, of how many of a hundred callers calls are stopped, 1 to 100; of the others the policy runs as in <see cref="PolicyMode.Shadow"/>. Default 100,
    /// all of them, as it must be on a cluster.
    /// </summary>
    [Range(1, 100)]
    public int EnforcePercent { get; init; } = 100;

    /// <summary>What is tried beside it on every request: another one in <see cref="PolicyMode.Shadow"/> with a circuit of its own. On endpoints only. Default <see langword="null"/>: nothing.</summary>
#pragma warning disable SYSLIB1212 // What is inside is checked at the start and on reload, with its path.
    public CircuitBreakerPolicy? Candidate { get; init; }
#pragma warning restore SYSLIB1212

    /// <summary>How many of a hundred results within <see cref="Window"/> must be failures, 1 to 100. Default 50.</summary>
    [Range(1, 100)]
    public double FailurePercent { get; init; } = 50;

    /// <summary>How many results the window must hold before shares of it mean anything, 1 to 100,000. Default 20.</summary>
    [Range(1, 100_000)]
    public int MinResults { get; init; } = 20;

    /// <summary>How far back results count, 1 s to 5 min, in ten steps. Default 10 s.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How many failures in a row open the circuit while the window holds fewer than <see cref="MinResults"/>, 0 to 1,000; 0 for none. Default 5. With
    /// more traffic a row comes about by chance, and the share decides.
    /// </summary>
    [Range(0, 1_000)]
    public int FailuresInARow { get; init; } = 5;

    /// <summary>How long the head of an answer may take before the call counts as slow, more than zero. Default: none is too slow.</summary>
    public TimeSpan? SlowCall { get; init; }

    /// <summary>How many of a hundred results must be slow, where <see cref="SlowCall"/> is set, 1 to 100. Default 80.</summary>
    [Range(1, 100)]
    public double SlowPercent { get; init; } = 80;

    /// <summary>
    /// How long the circuit stays open the first time, give or take a fifth; each further time twice as long as the one before. 100 ms to 1 h. Default 5 s.
    /// </summary>
    public TimeSpan OpenFor { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest it stays open, and the most that a <c>Retry-After</c> can make of it; <see cref="OpenFor"/> to 1 h. Default 60 s.</summary>
    public TimeSpan MaxOpenFor { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How many calls may be under way to see whether it is well again, 1 to 100. Default 3.</summary>
    [Range(1, 100)]
    public int MaxProbes { get; init; } = 3;

    /// <summary>How many of them must succeed, 1 to 100. Default 3. One that fails opens the circuit again.</summary>
    [Range(1, 100)]
    public int SuccessesToRecover { get; init; } = 3;

    /// <summary>How long it takes from a tenth of the traffic to all of it, 0 s to 5 min. Default 10 s.</summary>
    public TimeSpan Recovery { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Whether answers of 500 and other 5xx count as failures like 502, 503 and 504. Default no: one kind of request that fails everywhere would open the
    /// circuits of destinations that are well.
    /// </summary>
    public bool CountServerErrors { get; init; }

    /// <summary>Whether 429 counts as a failure. Default no: it says nothing either way.</summary>
    public bool CountTooManyRequests { get; init; }

    IGatewayPolicy? IGatewayPolicy.Candidate => Candidate;

    IGatewayPolicy IGatewayPolicy.InShadow() => this with { Mode = PolicyMode.Shadow };

    GatewayStage IGatewayPolicy.Stage => GatewayStage.Protect;

    GuardPlace IGuardPolicy.Guard => GuardPlace.CircuitBreaker;

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext) =>
    [
        .. Outside(nameof(Window), Window, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5)),
        .. Outside(nameof(OpenFor), OpenFor, ShortestBreak, LongestBreak),
        .. MaxOpenFor < OpenFor && MaxOpenFor >= ShortestBreak && OpenFor <= LongestBreak
            ? MostBelowFirst()
            : Outside(nameof(MaxOpenFor), MaxOpenFor, ShortestBreak, LongestBreak),
        .. Outside(nameof(Recovery), Recovery, TimeSpan.Zero, TimeSpan.FromMinutes(5)),
        .. SlowCall is { } slow ? Outside(nameof(SlowCall), slow, TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1)) : [],
    ];

    // Whoever wrote only one of them never saw the other.
    private IEnumerable<ValidationResult> MostBelowFirst()
    {
        var unset = new CircuitBreakerPolicy();
        yield return MaxOpenFor == unset.MaxOpenFor
            ? new($"OpenFor is {OpenFor:c}, longer than MaxOpenFor, which is {MaxOpenFor:c} by default. Set MaxOpenFor to {OpenFor:c} or more as well, or shorten OpenFor.", [nameof(OpenFor)])
            : new($"MaxOpenFor is {MaxOpenFor:c}, shorter than OpenFor, which is {OpenFor:c}{(OpenFor == unset.OpenFor ? " by default" : string.Empty)}. Set OpenFor to {MaxOpenFor:c} or less as well, or lengthen MaxOpenFor.", [nameof(MaxOpenFor)]);
    }

    private static IEnumerable<ValidationResult> Outside(string name, TimeSpan value, TimeSpan least, TimeSpan most)
    {
        if (value < least || value > most)
        {
            yield return new($"{name} is {value:c}; it must be {least:c} to {most:c}.", [name]);
        }
    }
}
