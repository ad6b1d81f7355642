using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Identity.ApiKeys;
using GatewayKit.Identity.Consumers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.FunctionalTests.Identity.ApiKeys;

/// <summary>Keys of a store: revocation, a store that is away, and those who guess.</summary>
public sealed class ApiKeyStoreTests
{
    private readonly StoredConsumers _store = new();

    // Real time: that is what is promised.
    [Fact]
    public async Task Revocation_under_load_is_seen_by_two_instances_within_5_seconds()
    {
        var (key, stays) = (ApiKey.Create(), ApiKey.Create());
        _store.Put(new() { Id = "acme", Keys = [key.ToStored()] });
        _store.Put(new() { Id = "stays", Keys = [stays.ToStored()] });
        await using var first = await StartAsync(Uncounted);
        await using var second = await StartAsync(Uncounted);
        using var stop = new CancellationTokenSource();
        long accepted = 0, lastAccepted = 0, refusedOthers = 0;
        var load = new[] { first, second, first, second }.Select(gateway => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                if (await AskAsync(gateway, key) == "200")
                {
                    Interlocked.Increment(ref accepted);
                    Volatile.Write(ref lastAccepted, Stopwatch.GetTimestamp());
                }

                if (await AskAsync(gateway, stays) != "200")
                {
                    Interlocked.Increment(ref refusedOthers);
                }
            }
        })).ToArray();
        while (Volatile.Read(ref accepted) < 50)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
        }

        _store.Put(new() { Id = "acme", Keys = [key.ToStored() with { IsRevoked = true }] });
        var revoked = Stopwatch.GetTimestamp();
        await Task.Delay(TimeSpan.FromSeconds(6), TimeProvider.System, TestContext.Current.CancellationToken);
        await stop.CancelAsync();
        await Task.WhenAll(load);
        Assert.InRange(Stopwatch.GetElapsedTime(revoked, Math.Max(revoked, lastAccepted)), TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.Equal("401 unauthenticated", await AskAsync(first, key));
        Assert.Equal("401 unauthenticated", await AskAsync(second, key));
        Assert.Equal(0, refusedOthers);

        static void Uncounted(GatewayBuilder builder) => builder.Services.Configure<ApiKeyOptions>(static options => options.FailuresPerMinute = 0);
    }

    [Fact]
    public async Task Store_that_is_away_lets_nobody_in_and_those_of_the_configuration_pass()
    {
        var (stored, configured) = (ApiKey.Create(), ApiKey.Create());
        var time = new FakeTimeProvider();
        _store.Put(new() { Id = "stored", Keys = [stored.ToStored()] });
        await using var gateway = await StartAsync(builder =>
        {
            builder.Services.AddSingleton<TimeProvider>(time);
            builder.AddConsumers([new Consumer { Id = "configured", Keys = [configured.ToStored()] }]);
        });
        Assert.Equal("200", await AskAsync(gateway, stored));
        _store.IsAway = true;
        for (var i = 0; i < 20; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(250));
        }

        Assert.Equal("503 auth-unavailable", await AskAsync(gateway, stored));
        Assert.Equal("503 auth-unavailable", await AskAsync(gateway, ApiKey.Create()));
        Assert.Equal("200", await AskAsync(gateway, configured));
        _store.IsAway = false;
        for (var i = 0; i < 5; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(250));
        }

        Assert.Equal("200", await AskAsync(gateway, stored));
    }

    [Fact]
    public async Task Ten_thousand_wrong_keys_are_limited_and_hurt_nobody_else()
    {
        var (inUse, fresh) = (ApiKey.Create(), ApiKey.Create());
        var time = new FakeTimeProvider();
        _store.Put(new() { Id = "acme", Keys = [inUse.ToStored(), fresh.ToStored()] });
        await using var gateway = await StartAsync(
            builder => builder.Services.AddSingleton<TimeProvider>(time),
            app => app.Use(static (context, next) =>
            {
                // Where a proxy that the host knows says the client is.
                context.Connection.RemoteIpAddress = IPAddress.Parse(context.Request.Headers["X-From"].ToString());
                return next(context);
            }));
        Assert.Equal("200", await AskAsync(gateway, inUse, "192.0.2.1"));
        var before = _store.Finds;
        var answers = new Dictionary<string, int>();
        for (var i = 0; i < 10_000; i++)
        {
            var answer = await AskAsync(gateway, ApiKey.Create(), "192.0.2.1");
            answers[answer] = answers.GetValueOrDefault(answer) + 1;
        }

        Assert.Equal((50, 9_950), (answers["401 unauthenticated"], answers["429 rate-limited"]));
        Assert.Equal(50, _store.Finds - before);
        Assert.Equal("200", await AskAsync(gateway, inUse, "192.0.2.1"));
        Assert.Equal("429 rate-limited", await AskAsync(gateway, fresh, "192.0.2.1"));
        Assert.Equal("200", await AskAsync(gateway, fresh, "192.0.2.2"));
        Assert.Equal("401 unauthenticated", await AskAsync(gateway, ApiKey.Create(), "2001:db8::1"));

        // Twenty a minute.
        time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal("401 unauthenticated", await AskAsync(gateway, ApiKey.Create(), "192.0.2.1"));
        Assert.Equal("429 rate-limited", await AskAsync(gateway, ApiKey.Create(), "192.0.2.1"));
    }

    // A key that is known here may be asked for again: what callers make up is not.
    [Fact]
    public async Task Key_in_use_is_asked_for_again_although_its_address_is_limited()
    {
        var inUse = ApiKey.Create();
        var time = new FakeTimeProvider();
        _store.Put(new() { Id = "acme", Keys = [inUse.ToStored()] });
        await using var gateway = await StartAsync(builder => builder.Services.AddSingleton<TimeProvider>(time).Configure<ApiKeyOptions>(static options => (options.FailuresPerMinute, options.FailureBurst) = (1, 1)));
        Assert.Equal("200", await AskAsync(gateway, inUse));
        time.Advance(TimeSpan.FromSeconds(35));
        Assert.Equal("401 unauthenticated", await AskAsync(gateway, ApiKey.Create()));
        Assert.Equal("429 rate-limited", await AskAsync(gateway, ApiKey.Create()));
        Assert.Equal("200", await AskAsync(gateway, inUse));
    }

    private Task<TestHost> StartAsync(Action<GatewayBuilder>? services = null, Action<WebApplication>? use = null) => TestHost.GatewayAsync(
        services: builder =>
        {
            builder.Services.AddSingleton(_store);
            builder.AddConsumerStore<StoredConsumers>();
            services?.Invoke(builder);
        },
        map: app =>
        {
            use?.Invoke(app);
            app.MapGet("/", static () => "served").RequireApiKey();
        });

    private static async Task<string> AskAsync(TestHost gateway, ApiKey key, string? from = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { { "X-Api-Key", key.Reveal() } } };
        request.Headers.Add("X-From", from ?? "127.0.0.1");
        using var response = await gateway.Client.SendAsync(request, CancellationToken.None);
        return response.StatusCode is HttpStatusCode.OK ? "200" : $"{(int)response.StatusCode} {JsonNode.Parse(await response.Content.ReadAsStringAsync())!["code"]}";
    }
}
