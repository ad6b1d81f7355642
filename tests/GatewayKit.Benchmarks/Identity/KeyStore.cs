using GatewayKit.Diagnostics;
using GatewayKit.Identity;
using GatewayKit.Identity.ApiKeys;
using GatewayKit.Identity.Consumers;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace GatewayKit.Benchmarks.Identity;

/// <summary>Many consumers with a key each, in memory, and the check of keys in front of it.</summary>
internal sealed class KeyStore : IConsumerStore, IDisposable
{
    private readonly Dictionary<string, ConsumerKey> _byKey = [];
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ConsumerDirectory _directory;

    public KeyStore(int consumers, int maxKnown = 100_000)
    {
        Keys = new ApiKey[consumers];
        for (var i = 0; i < consumers; i++)
        {
            Keys[i] = ApiKey.Create();
            Put(Keys[i].ToStored());
        }

        var meter = new GatewayMeter(_services.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>());
        var time = TimeProvider.System;
        _directory = new([this], Options.Create(new ConsumerOptions { MaxKnown = maxKnown }), new ConsumerMetrics(meter, time, NullLogger<ConsumerMetrics>.Instance), time);
        var options = Options.Create(new ApiKeyOptions { FailuresPerMinute = 0 });
        var checker = new ApiKeyChecker(
            _directory, new(options, time, NullLogger<Guesses>.Instance), options, new IdentityMetrics(meter), time, NullLogger<ApiKeyChecker>.Instance);
        Check = new ApiKeyCheck(checker, new() { Scopes = ["read"] }, Endpoint(), "gateway").CheckAsync;
    }

    public string Name => "benchmark";

    public ApiKey[] Keys { get; }

    public AuthenticationCheck Check { get; }

    public void Put(ConsumerKey key) => _byKey[key.Id] = key;

    public static GatewayContext Request(ApiKey key)
    {
        return new(new DefaultHttpContext { Request = { Headers = { ["X-Api-Key"] = key.Reveal() } } }, new GatewayPipeline(Endpoint(), []));
    }

    private static GatewayEndpoint Endpoint() => GatewayEndpoint.Of(new RouteEndpointBuilder(null, RoutePatternFactory.Parse("/route"), 0), []);

    public ValueTask<Consumer?> FindAsync(CredentialKind kind, string id, CancellationToken cancellationToken) =>
        new(_byKey.GetValueOrDefault(id) is { } key ? new Consumer { Id = $"consumer-{id}", Keys = [key], Scopes = ["read", "write"] } : null);

    public ValueTask<ConsumerChanges> ReadChangesAsync(string? cursor, CancellationToken cancellationToken) => new(new ConsumerChanges("1", []));

    public void Dispose()
    {
        _directory.Dispose();
        _services.Dispose();
    }
}
