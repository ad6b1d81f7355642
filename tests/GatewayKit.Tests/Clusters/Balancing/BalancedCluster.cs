using GatewayKit.Clusters;
using GatewayKit.Clusters.Balancing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Clusters.Balancing;

/// <summary>Destinations and the rules of their cluster, with a seed and a clock. They are called a, b, c and so on, or d0, d1 and so on if they are many.</summary>
internal sealed class BalancedCluster
{
    private readonly Balancer _balancer;
    private DefaultHttpContext _request = new();

    public BalancedCluster(Cluster cluster, IEnumerable<Destination> destinations, string? zone = null, int seed = 1)
    {
        Destination[] all = [.. destinations];
        _balancer = new(cluster, zone, time: Time, random: new SeededRandom(seed));
        All = [.. all.Select((destination, index) => new DestinationState(NameOf(index, all.Length), destination))];
        Set = Of(All.Select(Candidate.Whole));
    }

    public BalancedCluster(LoadBalancing rule, params int[] weights)
        : this(Rule(rule), weights.Select((weight, index) => new Destination { Address = new($"http://host{index}"), Weight = weight }))
    {
    }

    public FakeTimeProvider Time { get; } = new();

    public IReadOnlyList<DestinationState> All { get; }

    public DestinationSet Set { get; set; }

    public DestinationState this[string id] => All.Single(destination => destination.Id == id);

    public static Cluster Rule(LoadBalancing rule) => new()
    {
        Id = "c",
        LoadBalancing = rule,
        Hash = rule is LoadBalancing.ConsistentHash ? new() { Key = HashKey.Header("X-Key") } : null,
    };

    public DestinationSet Of(IEnumerable<Candidate> available) => new(All, available, _balancer);

    /// <summary>Takes destinations out of the set.</summary>
    public void Without(params string[] ids) => Set = Of(All.Where(destination => !ids.Contains(destination.Id)).Select(Candidate.Whole));

    /// <summary>Gives destinations other weights.</summary>
    public void Weigh(params double[] weights) => Set = Of(All.Zip(weights, static (destination, weight) => new Candidate(destination, weight)));

    public DestinationState? Pick(params DestinationState[] excluded)
    {
        var tried = default(TriedDestinations);
        foreach (var destination in excluded)
        {
            tried.Add(destination);
        }

        return Set.Pick(_request, tried);
    }

    public DestinationState? PickFor(string key)
    {
        _request.Request.Headers["X-Key"] = key;
        return Set.Pick(_request, default);
    }

    public DestinationState? PickFor(HttpContext request) => Set.Pick(request, default);

    /// <summary>Forgets the key of the request before.</summary>
    public void Clear() => _request = new();

    /// <summary>Picks and lets go, a letter each.</summary>
    public string Picks(int count) => string.Concat(Enumerable.Range(0, count).Select(_ => Pick()!.Id));

    /// <summary>Lets turns go by, as the start at random does.</summary>
    public void SkipTurns(int count) => Picks(count);

    /// <summary>How often each was picked, in the order of <see cref="All"/>.</summary>
    public long[] Count(int picks, Func<int, DestinationState?>? pick = null)
    {
        var counts = All.ToDictionary(static destination => destination, static _ => 0L);
        for (var i = 0; i < picks; i++)
        {
            counts[(pick is null ? Pick() : pick(i))!]++;
        }

        return [.. All.Select(destination => counts[destination])];
    }

    private static string NameOf(int index, int count) => count <= 26 ? ((char)('a' + index)).ToString() : $"d{index}";

    // Turns begin at the first.
    private sealed class SeededRandom(int seed) : Random(seed)
    {
        public override long NextInt64() => 0;
    }
}
