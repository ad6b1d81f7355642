namespace GatewayKit.Conservation;

/// <summary>All contradictions: the first of them word by word, the others as a number. Not thread-safe.</summary>
public sealed class Findings
{
    private const int MostKept = 1_000;

    private readonly List<Finding> _first = [];

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>The first thousand.</summary>
    public IReadOnlyList<Finding> First => _first;

    public void Add(Law law, string id, string text)
    {
        Count++;
        if (_first.Count < MostKept)
        {
            _first.Add(new(law, id, text));
        }
    }
}
