namespace GatewayKit.WireTests;

/// <summary>How many runs passed.</summary>
internal static class RunCounter
{
    private static long _runs;

    public static long Runs => Volatile.Read(ref _runs);

    public static void Add(int runs) => Interlocked.Add(ref _runs, runs);
}
