using System.Security.Cryptography;
using System.Text;
using BenchmarkDotNet.Attributes;
using GatewayKit.Identity;
using GatewayKit.Identity.ApiKeys;
using GatewayKit.Pipeline;

namespace GatewayKit.Benchmarks.Identity;

/// <summary>The whole check of a key that was seen before, of a store with many: reading the field, checksum, look-up, secret, expiry, subscription, scope.</summary>
[MemoryDiagnoser]
public class ApiKeyBenchmarks : IDisposable
{
    private const int InUse = 4_096;

    private readonly byte[] _secret = new byte[ApiKeyText.SecretLength];
    private readonly byte[] _hash = new byte[SHA256.HashSizeInBytes];
    private KeyStore _store = null!;
    private GatewayContext[] _requests = [];
    private GatewayContext _wrong = null!;
    private int _next;

    [Params(1_000_000)]
    public int Consumers { get; set; }

    [GlobalSetup]
    public async Task SetupAsync()
    {
        _store = new(Consumers);
        _requests = [.. _store.Keys.Take(InUse).Select(KeyStore.Request)];
        var secret = new string('0', ApiKeyText.SecretLength);
        Encoding.ASCII.GetBytes(secret, _secret);
        _wrong = ApiKey.TryParse(ApiKeyText.Create("gk_live", _store.Keys[0].Id, secret), out var wrong) ? KeyStore.Request(wrong) : throw new InvalidOperationException();
        foreach (var request in _requests)
        {
            if ((await _store.Check(request)).Consumer is null)
            {
                throw new InvalidOperationException("A right key was refused.");
            }
        }
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _store.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>The same key all the time.</summary>
    [Benchmark(Baseline = true)]
    public ValueTask<AuthenticationOutcome> SameKey() => _store.Check(_requests[0]);

    /// <summary>One of 4,096 that are in use.</summary>
    [Benchmark]
    public ValueTask<AuthenticationOutcome> OneOfMany() => _store.Check(_requests[_next++ & (InUse - 1)]);

    /// <summary>A wrong secret.</summary>
    [Benchmark]
    public ValueTask<AuthenticationOutcome> Wrong() => _store.Check(_wrong);

    /// <summary>What the hash alone takes, as each check would.</summary>
    [Benchmark]
    public int Sha256() => SHA256.HashData(_secret, _hash);
}
