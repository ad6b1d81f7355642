using System.ComponentModel.DataAnnotations;
using GatewayKit.Pipeline;

namespace GatewayKit.Rollout;

/// <summary>How the answer of a mirror is compared with the one that the client got. Status and the fields named here are, and the body as far as it can be.</summary>
public sealed record MirrorComparison : IValidatableObject
{
    private static readonly string[] Usual = ["Content-Type"];

    /// <summary>The header fields that are compared; case is ignored. Default <c>Content-Type</c>.</summary>
    public IReadOnlyList<string> Headers { get; init => field = ValueList<string>.From(value); } = ValueList<string>.From(Usual);

    /// <summary>Whether bodies are compared: JSON by its content, all else byte by byte. Default yes.</summary>
    public bool Body { get; init; } = true;

    /// <summary>The largest body that is compared, 1 to 1,048,576 bytes. Default 65,536. Both sides of each copy may take as much memory.</summary>
    [Range(1, 1_048_576)]
    public int MaxBodyBytes { get; init; } = 65_536;

    /// <summary>
    /// The places in JSON that do not count, with what is below them: JSON pointers (RFC 6901) in which <c>*</c> stands for any name or index, such as
    /// <c>/items/*/updatedAt</c>. Default none.
    /// </summary>
    public IReadOnlyList<string> IgnorePaths { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>By how much numbers in JSON may differ, 0 or more. Default 0: 1.0 and 1 are equal, 1.0 and 1.1 are not.</summary>
    [Range(0d, 1e15)]
    public double NumericTolerance { get; init; }

    /// <summary>Whether arrays in JSON are equal when they hold the same in another order. Default no. Arrays of more than 256 items are compared in order.</summary>
    public bool UnorderedArrays { get; init; }

    /// <summary>By how much longer than the client's own answer the mirror's may take to its head. Default <see langword="null"/>: time does not count, and is measured all the same.</summary>
    public TimeSpan? LatencyTolerance { get; init; }

    /// <summary>How many differences are handed to the sinks each minute for each route, 0 to 10,000. Default 10. All are counted.</summary>
    [Range(0, 10_000)]
    public int SamplesPerMinute { get; init; } = 10;

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        foreach (var name in Headers.Where(static name => !HttpToken.Is(name)))
        {
            yield return new($"'{name}' is not a header name.", [nameof(Headers)]);
        }

        foreach (var path in IgnorePaths.Where(static path => path is not ['/', _, ..]))
        {
            yield return new($"'{path}' is not a JSON pointer such as \"/items/*/updatedAt\".", [nameof(IgnorePaths)]);
        }

        if (LatencyTolerance < TimeSpan.Zero)
        {
            yield return new($"LatencyTolerance is {LatencyTolerance:c}; it must be zero or more.", [nameof(LatencyTolerance)]);
        }
    }
}
