using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.JwtBearer;
using GatewayKit.JwtBearerTests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.JwtBearerTests;

/// <summary>What an issuer feels of tokens that are none of its own, with sockets; and who sees tokens.</summary>
public sealed class KeyFloodTests
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);

    [Fact]
    public async Task Unknown_ids_fetch_keys_once_in_30_seconds()
    {
        await using var issuer = await Issuer.StartAsync(() => _time.GetUtcNow());
        await using var gateway = await GuardedGateway.StartAsync(issuer, build: builder => builder.Services.AddSingleton<TimeProvider>(_time));
        Assert.Equal(200, await gateway.StatusAsync(issuer.Token()));
        for (var round = 0; round < 3; round++)
        {
            var statuses = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => gateway.StatusAsync(issuer.Token(header: header => header["kid"] = $"unknown-{round}-{i}"))));
            Assert.All(statuses, static status => Assert.Equal(401, status));
            Assert.Equal((round + 1, round + 1), (issuer.KeysFetched, issuer.MetadataFetched));
            _time.Advance(IssuerKeys.Pace);
        }

        Assert.Equal((1, 0), (gateway.Seen, issuer.TrapsSprung));
    }

    [Fact]
    public async Task Issuer_that_is_down_is_503_for_tokens_and_401_for_none()
    {
        await using var issuer = await Issuer.StartAsync(() => _time.GetUtcNow());
        issuer.IsDown = true;
        using var log = new LogRecorder();
        await using var gateway = await GuardedGateway.StartAsync(issuer, build: builder =>
        {
            builder.Logging.AddProvider(log);
            builder.Services.AddSingleton<TimeProvider>(_time);
        });
        using var response = await gateway.SendAsync(issuer.Token());
        Assert.Equal(503, (int)response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter);
        var problem = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains("auth-unavailable", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("127.0.0.1", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", problem, StringComparison.Ordinal);
        Assert.Equal(401, await gateway.StatusAsync(null));
        Assert.Equal(0, gateway.Seen);
        Assert.Contains(log.Take(EventIds.KeysNotFetched), static entry => entry.Message.Contains("No token can be checked", StringComparison.Ordinal));

        issuer.IsDown = false;
        _time.Advance(IssuerKeys.RetryPace);
        Assert.Equal(200, await gateway.StatusAsync(issuer.Token()));
    }

    [Fact]
    public async Task Keys_outlive_their_issuer_for_a_day()
    {
        await using var issuer = await Issuer.StartAsync(() => _time.GetUtcNow());
        await using var gateway = await GuardedGateway.StartAsync(issuer, build: builder => builder.Services.AddSingleton<TimeProvider>(_time));
        Assert.Equal(200, await gateway.StatusAsync(issuer.Token()));
        issuer.IsDown = true;
        _time.Advance(TimeSpan.FromHours(23));
        Assert.Equal(200, await gateway.StatusAsync(issuer.Token()));
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(503, await gateway.StatusAsync(issuer.Token()));
    }

    // Everything that tells something is asked, at its most talkative.
    [Fact]
    public async Task No_token_is_in_any_log_problem_or_request_to_a_destination()
    {
        await using var issuer = await Issuer.StartAsync(() => _time.GetUtcNow());
        using var log = new LogRecorder();
        await using var gateway = await GuardedGateway.StartAsync(issuer, build: builder =>
        {
            builder.Services.AddSingleton<TimeProvider>(_time);
            builder.Logging.AddProvider(log).SetMinimumLevel(LogLevel.Trace);
        });
        var told = new List<string>();
        var secrets = new List<string>();
        using var listener = new System.Diagnostics.Metrics.MeterListener
        {
            InstrumentPublished = static (instrument, listener) => listener.EnableMeasurementEvents(instrument),
        };
        listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => Tell(instrument.Name, tags));
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Tell(instrument.Name, tags));
        listener.Start();

        foreach (var make in BadTokens.All.Values.Where(static (_, index) => index % 3 == 0).Append(static issuer => issuer.Token()))
        {
            var token = make(issuer);
            secrets.AddRange(token.Split('.').Where(static part => part.Length >= 20).Select(static part => part[^20..]));
            using var response = await gateway.SendAsync(token);
            var answer = $"{response.Headers} {await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}";
            lock (told)
            {
                told.Add(answer);
            }

            Assert.Null(gateway.SeenAuthorization);
        }

        // Other tests of the process measure, too.
        listener.Dispose();
        lock (told)
        {
            told.AddRange(log.All.Select(static entry => entry.Message));
        }

        Assert.True(secrets.Count > 60 && log.All.Count > 100);
        string[] texts;
        lock (told)
        {
            texts = [.. told];
        }

        Assert.All(secrets.Distinct(), secret => Assert.DoesNotContain(texts, text => text.Contains(secret, StringComparison.Ordinal)));

        void Tell(string name, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            lock (told)
            {
                told.Add($"{name} {string.Join(' ', tags.ToArray())}");
            }
        }
    }
}
