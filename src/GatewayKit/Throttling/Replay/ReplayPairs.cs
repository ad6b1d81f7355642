namespace GatewayKit.Throttling.Replay;

/// <summary>Sends each record through two configurations and compares what becomes of it.</summary>
internal sealed class ReplayPairs
{
    private readonly SortedDictionary<string, ReplayOutcomes> _routes = new(StringComparer.OrdinalIgnoreCase);
    private ReplayOutcomes _total;
    private long _notCompared;

    public void Take(AccessRecord record, ReplayRun first, ReplayRun second)
    {
        var pair = new Pair(this, record.Route);
        var (hasFirst, hasSecond) = (first.Take(record, pair.ToldFirst), second.Take(record, pair.ToldSecond));
        _notCompared += hasFirst != hasSecond ? 1 : 0;
    }

    public ReplayComparison Report(ReplayReport first, ReplayReport second) => new()
    {
        First = first,
        Second = second,
        Total = _total,
        Routes = [.. _routes.Select(static entry => new ReplayRouteComparison(entry.Key, entry.Value))],
        NotCompared = _notCompared,
    };

    private void Note(string route, bool first, bool second)
    {
        _total = _total.With(first, second);
        _routes[route] = _routes.GetValueOrDefault(route).With(first, second);
    }

    /// <summary>The two outcomes of one record: one may be known later than the other.</summary>
    private sealed class Pair(ReplayPairs pairs, string? route)
    {
        private bool? _first, _second;

        public void ToldFirst(ReplayOutcome outcome)
        {
            _first = outcome is ReplayOutcome.Refused;
            Compare();
        }

        public void ToldSecond(ReplayOutcome outcome)
        {
            _second = outcome is ReplayOutcome.Refused;
            Compare();
        }

        private void Compare()
        {
            if (_first is { } first && _second is { } second)
            {
                pairs.Note(route!, first, second);
            }
        }
    }
}
