namespace GatewayKit.Resilience.Bulkheads;

/// <summary>
/// What a class of requests is entitled to. Anybody may use any place, but for a tenth that is kept for classes that hold less than their share of all;
/// for these the only bound is the number of places. The same goes for places to wait.
/// </summary>
/// <param name="Class">Who.</param>
/// <param name="Share">Of how much, 0 to 1. Zero is entitled to nothing.</param>
internal sealed record PlaceShare(PlaceClass Class, double Share)
{
    // What a share such as 0.07 of 100 is above 7 is not meant.
    private const double Rounding = 1e-9;

    /// <summary>How many places are kept for classes under their share.</summary>
    public static int Kept(int max) => max > 1 ? Math.Max(1, max / 10) : 0;

    /// <summary>How many places may be taken, by all together, for one of the class to take one of them.</summary>
    /// <param name="held">How many the class holds, with that one.</param>
    /// <param name="max">How many places there are.</param>
    public int Most(int held, int max) => Share > 0 && held <= Math.Max(1, Math.Ceiling((max * Share) - Rounding)) ? max : max - Kept(max);

    /// <summary>Behind how many one of the class waits: those of the class, for whom it has its share of the places, or all, for whom there are all.</summary>
    /// <param name="own">How many of the class wait.</param>
    /// <param name="all">How many of all classes do.</param>
    public int Ahead(int own, int all) => Share > 0 ? (int)Math.Min(all, own / Share) : all;
}
