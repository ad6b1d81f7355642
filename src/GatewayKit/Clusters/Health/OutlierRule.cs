namespace GatewayKit.Clusters.Health;

/// <summary>
/// Tells which destinations of a fleet do clearly worse than the others. Each is compared with the others together and not with a mean that it is part
/// of: one bad one among n lies √(n − 1) deviations below that, so a rule of 1.9 deviations could not fire below five, and near-equal
/// fleets would lose members over a difference of nothing.
/// </summary>
internal static class OutlierRule
{
    /// <param name="fleet">What each had in the window.</param>
    /// <param name="settings">From how many requests and by which distance.</param>
    /// <param name="found">Takes the places of those who do worse, the worst first; as long as the fleet.</param>
    /// <returns>How many do.</returns>
    public static int Find(ReadOnlySpan<CallCount> fleet, OutlierEjection settings, Span<int> found)
    {
        var all = default(CallCount);
        foreach (var one in fleet)
        {
            all += one;
        }

        var count = 0;
        for (var i = 0; i < fleet.Length; i++)
        {
            var others = all - fleet[i];
            if (fleet[i].Calls >= settings.MinRequests && others.Calls >= settings.MinRequests && IsWorse(fleet[i], others, settings.Distance))
            {
                found[count++] = i;
            }
        }

        Sort(found[..count], fleet);
        return count;
    }

    // In whole numbers as far as it goes: exactly twenty points are not more than twenty.
    private static bool IsWorse(CallCount one, CallCount others, double distance) =>
        100.0 * ((one.Failures * others.Calls) - (others.Failures * one.Calls)) > distance * one.Calls * others.Calls;

    // Few, and the order of equals stays: who was listed first.
    private static void Sort(Span<int> found, ReadOnlySpan<CallCount> fleet)
    {
        for (var i = 1; i < found.Length; i++)
        {
            var (place, one) = (i, found[i]);
            for (; place > 0 && fleet[found[place - 1]].SuccessRate > fleet[one].SuccessRate; place--)
            {
                found[place] = found[place - 1];
            }

            found[place] = one;
        }
    }
}
