using System.Text;
using BenchmarkDotNet.Attributes;
using GatewayKit.Diagnostics;
using GatewayKit.Identity;
using GatewayKit.Identity.ApiKeys;
using GatewayKit.Identity.Consumers;
using GatewayKit.Identity.Introspection;
using GatewayKit.Identity.OwnCalls;
using GatewayKit.Identity.Schemes;
using GatewayKit.Pipeline;
using GatewayKit.Secrets;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace GatewayKit.Benchmarks.Identity;

/// <summary>The whole check of a token that the server was asked about before: reading the field, SHA-256, the look-ups of answer and consumer, scope.</summary>
[MemoryDiagnoser]
public class IntrospectionBenchmarks : IDisposable
{
    private const int InUse = 4_096;

    private static readonly IntrospectionPolicy Policy = new()
    {
        Name = "partners",
        Endpoint = new("https://login.example.com/introspect"),
        ClientId = "gateway",
        ClientSecret = SecretReference.Parse("env:SECRET"),
        Audiences = ["orders"],
        Scopes = ["read"],
    };

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly StoppedClock _time = new();
    private ConsumerDirectory _directory = null!;
    private AuthenticationCheck _check = null!;
    private GatewayContext[] _requests = [];
    private GatewayContext _unknown = null!;
    private int _next;

    /// <summary>Characters of a token: an opaque one, and a JWT.</summary>
    [Params(43, 800)]
    public int Length { get; set; }

    [GlobalSetup]
    public async Task SetupAsync()
    {
        var meter = new GatewayMeter(_services.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>());
        var keys = Options.Create(new ApiKeyOptions { FailuresPerMinute = 0 });
        _directory = new([], Options.Create(new ConsumerOptions()), new ConsumerMetrics(meter, _time, NullLogger<ConsumerMetrics>.Instance), _time);
        _directory.PutInForce(new([], [], [.. Enumerable.Range(0, InUse).Select(static number => new Consumer { Id = $"consumer-{number}", Identities = [$"introspection/partners/{number}"] })]));
        var tokens = new IntrospectedTokens(
            Policy.ToTerms(), CallerClaims.NamesOf(["client_id"]), AnswerAsync, new(meter, _time, NullLogger<IntrospectionMetrics>.Instance), _time);
        var endpoint = GatewayEndpoint.Of(new RouteEndpointBuilder(null, RoutePatternFactory.Parse("/route"), 0), []);
        _check = new IntrospectionCheck(Policy, endpoint, tokens, _directory, new(keys, _time, NullLogger<Guesses>.Instance), "gk_live", "Bearer", new(meter), _time).RunAsync;
        _requests = [.. Enumerable.Range(0, InUse).Select(number => Request(endpoint, TokenOf(number)))];
        _unknown = Request(endpoint, TokenOf(InUse));
        foreach (var request in _requests)
        {
            if ((await _check(request)).Consumer is not { IsRegistered: true })
            {
                throw new InvalidOperationException("A token that holds was refused.");
            }
        }

        if ((await _check(_unknown)).Problem is null)
        {
            throw new InvalidOperationException("A token that does not hold was let in.");
        }
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _directory?.Dispose();
        _services.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>The same token all the time.</summary>
    [Benchmark(Baseline = true)]
    public ValueTask<AuthenticationOutcome> SameToken() => _check(_requests[0]);

    /// <summary>One of 4,096 that are in use.</summary>
    [Benchmark]
    public ValueTask<AuthenticationOutcome> OneOfMany() => _check(_requests[_next++ & (InUse - 1)]);

    /// <summary>One that is known not to hold.</summary>
    [Benchmark]
    public ValueTask<AuthenticationOutcome> Refused() => _check(_unknown);

    private string TokenOf(int number) => $"{number:D8}{new string('a', Length - 8)}";

    private static GatewayContext Request(GatewayEndpoint endpoint, string token) => new(new DefaultHttpContext { Request = { Headers = { Authorization = $"Bearer {token}" } } }, new GatewayPipeline(endpoint, []));

    private static Task<(IntrospectionAnswer?, CallFailure, bool)> AnswerAsync(string token)
    {
        var number = int.Parse(token.AsSpan(0, 8), System.Globalization.CultureInfo.InvariantCulture);
        var json = number == InUse ? """{ "active": false }""" : $$"""{ "active": true, "client_id": "{{number}}", "sub": "{{number}}", "scope": "read write", "aud": "orders", "exp": 4000000000 }""";
        return Task.FromResult<(IntrospectionAnswer?, CallFailure, bool)>((IntrospectionAnswer.Read(Encoding.UTF8.GetBytes(json), "partners"), CallFailure.None, false));
    }

    // Nothing that is kept comes to its end while it is measured.
    private sealed class StoppedClock : TimeProvider
    {
        private readonly long _now = System.GetTimestamp();

        public override long GetTimestamp() => _now;
    }
}
