namespace GatewayKit.Rollout.Diffing;

/// <summary>Differences as they are found, up to a number, and the work that finding them may cost.</summary>
internal sealed class DifferenceList(int most, ComparisonWork work)
{
    private readonly List<AnswerDifference> _found = [];

    public IReadOnlyList<AnswerDifference> Found => _found;

    /// <summary>Whether nothing more has to be found.</summary>
    public bool IsFull => _found.Count >= most || work.IsSpent;

    public ComparisonWork Work => work;

    public void Add(AnswerDifferenceKind kind, string place)
    {
        if (_found.Count < most)
        {
            _found.Add(new(kind, place));
        }
    }
}

/// <summary>How many values are still looked at. Unordered arrays inside each other would take as long as somebody likes.</summary>
internal sealed class ComparisonWork(int values)
{
    private int _left = values;

    public bool IsSpent => _left <= 0;

    public void Spend() => _left--;
}
