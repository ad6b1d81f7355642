using System.Globalization;

namespace GatewayKit.Conservation;

/// <summary>What a look at three logs came to.</summary>
public sealed record Verdict
{
    public required Findings Findings { get; init; }

    /// <summary>Requests that the client sent.</summary>
    public required int Requests { get; init; }

    /// <summary>Heads that destinations read.</summary>
    public required long Heads { get; init; }

    /// <summary>Beginnings and ends in the journal.</summary>
    public required long Records { get; init; }

    /// <summary>Requests that the server refused before they were any.</summary>
    public required int ServerRejections { get; init; }

    /// <summary>Beginnings whose process was killed before their end.</summary>
    public required int Unknown { get; init; }

    /// <summary>Requests whose clients left before anything came back, and of which nobody knows anything.</summary>
    public required int Unaccepted { get; init; }

    /// <summary>Whether the latest process was killed inside a line.</summary>
    public required bool HasTornTail { get; init; }

    public required int Boots { get; init; }

    /// <summary>How often each outcome is in the journal.</summary>
    public required IReadOnlyDictionary<string, int> Outcomes { get; init; }

    public bool IsConsistent => Findings.Count == 0;

    /// <summary>What so many trials without a failure bound the rate by, with 95 % confidence: 3/N.</summary>
    public static string Bound(long trials) => (3.0 / Math.Max(1, trials)).ToString("0.0e0", CultureInfo.InvariantCulture);

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Requests} requests, {Heads} at destinations, {Records} records of {Boots} boots ({Unknown} without an end after a kill), {ServerRejections} refused by the server, {Unaccepted} left before it read them: {Findings.Count} contradictions")
        + (IsConsistent ? $", < {Bound(Requests)} for each request" : string.Empty)
        + Environment.NewLine + string.Join(", ", Outcomes.OrderByDescending(static one => one.Value).Select(static one => $"{one.Key} {one.Value}"))
        + string.Concat(Findings.First.Take(20).Select(static finding => Environment.NewLine + finding));
}
