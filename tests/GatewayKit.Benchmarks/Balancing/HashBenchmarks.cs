using BenchmarkDotNet.Attributes;
using GatewayKit.Clusters;
using GatewayKit.Clusters.Balancing;

namespace GatewayKit.Benchmarks.Balancing;

/// <summary>Where asking each candidate becomes dearer than a table, and what the table costs to make.</summary>
[MemoryDiagnoser]
public class HashBenchmarks
{
    private HashPlaces _asked = null!;
    private MaglevTable _table = null!;
    private ulong[] _names = [];
    private WeightLine _line = null!;
    private ulong _hash = 1;

    [Params(8, 32)]
    public int Candidates { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var group = new CandidateGroup(
            Enumerable.Range(0, Candidates).Select(static i => Candidate.Whole(new DestinationState($"d{i}", new() { Address = new($"http://host{i}"), Weight = (i % 3) + 1 }))),
            new Turn(0));
        (_asked, _line) = (new(group), group.Line);
        _names = [.. Enumerable.Range(0, Candidates).Select(static i => SipHash.Common.Hash($"d{i}").High)];
        _table = new(_names, _line);
    }

    [Benchmark(Baseline = true)]
    public int Ask() => _asked.Find(_hash += 0x9E37_79B9_7F4A_7C15);

    [Benchmark]
    public int LookUp() => _table[_hash += 0x9E37_79B9_7F4A_7C15];

    [Benchmark]
    public object MakeTable() => new MaglevTable(_names, _line);
}
