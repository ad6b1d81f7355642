namespace GatewayKit.Resilience.Bulkheads;

/// <summary>
/// The requests of one class at a bulkhead: the places that they hold, and those who wait for one. A place is given back to its class. Requests that
/// belong to none are one without a name, which is not counted.
/// </summary>
internal sealed class PlaceClass(Places places, string? name)
{
    private int _taken;

    public string? Name => name;

    /// <summary>How many places it holds; zero of those without a name.</summary>
    public int Taken => Volatile.Read(ref _taken);

    /// <summary>Those who wait, in one line for each of the terms by which they do; none is empty. Only under the lock of the places.</summary>
    public List<PlaceLine> Lines { get; } = [];

    /// <summary>The line of who waits longest.</summary>
    public PlaceLine First
    {
        get
        {
            var first = Lines[0];
            foreach (var line in Lines)
            {
                first = line.First < first.First ? line : first;
            }

            return first;
        }
    }

    /// <summary>The line of who came last.</summary>
    public PlaceLine Last
    {
        get
        {
            var last = Lines[0];
            foreach (var line in Lines)
            {
                last = line.Last > last.Last ? line : last;
            }

            return last;
        }
    }

    /// <summary>How many wait. Only under that lock.</summary>
    public int Waiting { get; set; }

    /// <summary>What the one who waits longest says that it is entitled to. Only under that lock.</summary>
    public double Share { get; set; }

    /// <summary>How much of its share it has: who has least comes first. Only under that lock.</summary>
    public double Standing { get; set; }

    /// <summary>Counts a place, taken or about to be.</summary>
    /// <returns>How many there are with it.</returns>
    public int Enter() => name is null ? 0 : Interlocked.Increment(ref _taken);

    /// <summary>Counts one less.</summary>
    public void Leave()
    {
        if (name is not null)
        {
            Interlocked.Decrement(ref _taken);
        }
    }

    /// <summary>Gives a place back. One of those who wait gets it.</summary>
    public void GiveBack()
    {
        Leave();
        places.GiveBack();
    }
}
