namespace GatewayKit.Clusters;

/// <summary>A rule of load balancing. Called with two candidates at least; safe for concurrent use.</summary>
internal abstract class DestinationPicker
{
    public static DestinationPicker For(LoadBalancing rule) => rule switch
    {
        LoadBalancing.RoundRobin => RoundRobinPicker.Instance,
        LoadBalancing.LeastRequests => LeastRequestsPicker.Instance,
        LoadBalancing.Random => RandomPicker.Instance,
        _ => PowerOfTwoChoicesPicker.Instance,
    };

    public abstract DestinationState Pick(DestinationSet candidates);

    /// <summary>Whether <paramref name="one"/> has more to do for its weight. The request to come is counted in, so that idle ones differ by weight.</summary>
    protected static bool IsBusier(DestinationState one, DestinationState other) =>
        (one.InFlight + 1L) * other.Weight > (other.InFlight + 1L) * one.Weight;
}

/// <summary>Draws two and takes the less busy: nearly as even as looking at all of them, without the herd that follows the least busy one.</summary>
internal sealed class PowerOfTwoChoicesPicker : DestinationPicker
{
    public static PowerOfTwoChoicesPicker Instance { get; } = new();

    // The draw already honours the weights; comparing plain counts would undo that, comparing per weight keeps it under load.
    public override DestinationState Pick(DestinationSet candidates)
    {
        var first = candidates.Draw();
        var (one, other) = (candidates[first], candidates[candidates.DrawOther(first)]);
        return (long)one.InFlight * other.Weight > (long)other.InFlight * one.Weight ? other : one;
    }
}

/// <summary>Takes the one with the fewest requests in flight for its weight, starting anywhere, so that equals share.</summary>
internal sealed class LeastRequestsPicker : DestinationPicker
{
    public static LeastRequestsPicker Instance { get; } = new();

    public override DestinationState Pick(DestinationSet candidates)
    {
        var start = Random.Shared.Next(candidates.Count);
        var best = candidates[start];
        for (var i = 1; i < candidates.Count; i++)
        {
            var next = start + i;
            var candidate = candidates[next < candidates.Count ? next : next - candidates.Count];
            if (IsBusier(best, candidate))
            {
                best = candidate;
            }
        }

        return best;
    }
}

/// <summary>Draws one by weight.</summary>
internal sealed class RandomPicker : DestinationPicker
{
    public static RandomPicker Instance { get; } = new();

    public override DestinationState Pick(DestinationSet candidates) => candidates[candidates.Draw()];
}

/// <summary>Takes them in turn.</summary>
internal sealed class RoundRobinPicker : DestinationPicker
{
    public static RoundRobinPicker Instance { get; } = new();

    public override DestinationState Pick(DestinationSet candidates) => candidates[candidates.Turn.Next()];
}
