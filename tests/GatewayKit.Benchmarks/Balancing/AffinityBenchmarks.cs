using BenchmarkDotNet.Attributes;
using GatewayKit.Clusters.Affinity;
using Microsoft.AspNetCore.DataProtection;

namespace GatewayKit.Benchmarks.Balancing;

/// <summary>What a bound request pays for its token: read with and without what is known of tokens.</summary>
[MemoryDiagnoser]
public class AffinityBenchmarks
{
    private readonly IDataProtector _protector = new EphemeralDataProtectionProvider().CreateProtector("GatewayKit.Affinity", "C");
    private SessionTokens _tokens = null!;
    private string _text = null!;

    [GlobalSetup]
    public void Setup()
    {
        _tokens = new(new EphemeralDataProtectionProvider(), "c", TimeProvider.System);
        _text = _tokens.Of(1);
        Protected = _protector.Protect(new byte[8]);
    }

    private byte[] Protected { get; set; } = [];

    [Benchmark(Baseline = true)]
    public byte[] Unprotect() => _protector.Unprotect(Protected);

    [Benchmark]
    public bool Read() => _tokens.TryRead(_text, out _);
}
