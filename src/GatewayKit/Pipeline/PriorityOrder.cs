namespace GatewayKit.Pipeline;

/// <summary>The order of the classes of requests; case is ignored. Those that are in none come last.</summary>
internal sealed class PriorityOrder(IReadOnlyList<string> classes)
{
    private readonly string[] _classes = [.. classes];

    /// <summary>The classes, the most important first.</summary>
    public IReadOnlyList<string> Classes => _classes;

    /// <summary>Whether a class gives way to all others.</summary>
    public bool IsLast(string priority) => RankOf(priority) >= _classes.Length - 1;

    /// <summary>Whether all others give way to a class.</summary>
    public bool IsFirst(string priority) => RankOf(priority) == 0;

    /// <summary>Whether one class comes before another.</summary>
    public bool IsAbove(string priority, string other) => RankOf(priority) < RankOf(other);

    /// <summary>A class that somebody asks for who may only ask for less.</summary>
    /// <param name="priority">The class that there is.</param>
    /// <param name="wanted">The one that is asked for. One that is unknown, or above, counts for nothing.</param>
    public string Lower(string priority, string wanted)
    {
        var rank = RankOf(wanted);
        return rank < _classes.Length && rank > RankOf(priority) ? _classes[rank] : priority;
    }

    /// <summary>What to tell somebody who names a class that there is not; <see langword="null"/> if there is.</summary>
    public string? FaultOf(string priority) => RankOf(priority) < _classes.Length ? null
        : $"'{priority}' is not one of {nameof(GatewayOptions)}.{nameof(GatewayOptions.PriorityClasses)}, which are {string.Join(", ", _classes)}. "
            + (NearestName.Of(priority, _classes) is { } nearest ? $"Did you mean '{nearest}'?" : "Add it there, or name one of these.");

    // Few: a loop is as fast as anything.
    private int RankOf(string priority)
    {
        for (var rank = 0; rank < _classes.Length; rank++)
        {
            if (string.Equals(_classes[rank], priority, StringComparison.OrdinalIgnoreCase))
            {
                return rank;
            }
        }

        return _classes.Length;
    }
}
