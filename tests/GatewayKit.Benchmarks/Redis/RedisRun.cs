using System.Diagnostics;
using System.Globalization;
using GatewayKit.Benchmarks.Streaming;
using GatewayKit.Redis;
using GatewayKit.Throttling;
using GatewayKit.Throttling.Quotas;
using GatewayKit.Throttling.Sharing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RedisRateLimiting;
using StackExchange.Redis;

namespace GatewayKit.Benchmarks.Redis;

/// <summary>
/// What a decision in Redis adds to a request, and how many there are in a second: the store of rates, beside a bare round trip and the limiters of RedisRateLimiting. A closed loop of callers over a thousand
/// keys, everything admitted, the cases by turns in short rounds, so that what disturbs one disturbs all.
/// </summary>
internal static class RedisRun
{
    private const string Usage = "usage: redis [--rounds 20] [--server host:port]; without a server one is started on the loopback";
    private const int Keys = 1_000;
    private const int Plenty = 1_000_000;

    private static readonly TimeSpan Length = TimeSpan.FromMilliseconds(500);
    private static readonly int[] Callers = [1, 64];

    public static async Task<int> RunAsync(string[] arguments)
    {
        var (rounds, server) = (20, (string?)null);
        for (var i = 0; i < arguments.Length; i += 2)
        {
            switch (arguments[i..])
            {
                case ["--rounds", var text, ..] when int.TryParse(text, CultureInfo.InvariantCulture, out rounds) && rounds > 0:
                    break;
                case ["--server", var address, ..]:
                    server = address;
                    break;
                default:
                    await Console.Error.WriteLineAsync(Usage);
                    return 2;
            }
        }

        using var local = server is null ? await LocalRedis.StartAsync() : null;
        using var host = Host(server ?? local!.ConnectionString);
        await host.StartAsync();
        var rates = host.Services.GetRequiredService<IRateStore>();
        await WarmAsync(rates);
        await using var connection = await ConnectionMultiplexer.ConnectAsync(server ?? local!.ConnectionString);
        var cases = CasesOf(rates, connection);
        foreach (var callers in Callers)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{callers} at a time"));
            await MeasureAsync(cases, callers, rounds);
        }

        await host.StopAsync();
        return 0;
    }

    private static IHost Host(string connectionString)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { EnvironmentName = Environments.Development });
        builder.Logging.ClearProviders();
        // A pause of this machine is no failure of the server.
        var patience = TimeSpan.FromSeconds(10);
        builder.Services.Configure<QuotaOptions>(options => options.StoreTimeout = patience);
        builder.Services.AddApiGateway().AddRedis(options => (options.ConnectionString, options.Timeout) = (connectionString, patience));
        return builder.Build();
    }

    // The host does not wait for its connection.
    private static async Task WarmAsync(IRateStore rates)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                await rates.TakeAsync(default, RuleOf(RateAlgorithm.TokenBucket), 1, default);
                return;
            }
            catch (RedisStoreException) when (tries < 500)
            {
                await Task.Delay(10);
            }
        }
    }

    private static Dictionary<string, Func<int, ValueTask>> CasesOf(IRateStore rates, ConnectionMultiplexer connection)
    {
        var (bucket, window, database) = (RuleOf(RateAlgorithm.TokenBucket), RuleOf(RateAlgorithm.SlidingWindow), connection.GetDatabase());
        var buckets = Enumerable.Range(0, Keys).Select(key => new RedisTokenBucketRateLimiter<string>($"b{key}", new()
        {
            ConnectionMultiplexerFactory = () => connection,
            TokenLimit = Plenty,
            TokensPerPeriod = Plenty,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
        })).ToArray();
        var windows = Enumerable.Range(0, Keys).Select(key => new RedisSlidingWindowRateLimiter<string>($"w{key}", new()
        {
            ConnectionMultiplexerFactory = () => connection,
            PermitLimit = Plenty,
            Window = TimeSpan.FromSeconds(1),
        })).ToArray();
        return new()
        {
            ["round trip"] = async _ => await database.PingAsync(),
            ["token bucket"] = async key => Admitted((await rates.TakeAsync(new(1, 1, (ulong)key), bucket, 1, default)).IsAdmitted),
            ["sliding window"] = async key => Admitted((await rates.TakeAsync(new(2, 1, (ulong)key), window, 1, default)).IsAdmitted),
            ["RedisRateLimiting token bucket"] = async key =>
            {
                using var lease = await buckets[key].AcquireAsync();
                Admitted(lease.IsAcquired);
            },
            ["RedisRateLimiting sliding window"] = async key =>
            {
                using var lease = await windows[key].AcquireAsync();
                Admitted(lease.IsAcquired);
            },
        };
    }

    private static RateRule RuleOf(RateAlgorithm algorithm) => new(algorithm, Plenty, TimeSpan.FromSeconds(1), Plenty);

    private static void Admitted(bool isAdmitted)
    {
        if (!isAdmitted)
        {
            throw new InvalidOperationException("A decision was refused: what is measured is not what it says.");
        }
    }

    private static async Task MeasureAsync(Dictionary<string, Func<int, ValueTask>> cases, int callers, int rounds)
    {
        var (times, seconds) = (cases.Keys.ToDictionary(static name => name, static _ => new List<double>()), cases.Keys.ToDictionary(static name => name, static _ => 0d));
        for (var round = -2; round < rounds; round++)
        {
            foreach (var (name, decide) in round % 2 == 0 ? cases : cases.Reverse())
            {
                var start = Stopwatch.GetTimestamp();
                var taken = await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(() => LoopAsync(decide, caller))));
                if (round >= 0)
                {
                    seconds[name] += Stopwatch.GetElapsedTime(start).TotalSeconds;
                    times[name].AddRange(taken.SelectMany(static one => one));
                }
            }
        }

        foreach (var name in cases.Keys)
        {
            var (all, rate) = (Percentiles.Of(times[name]), times[name].Count / seconds[name]);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"  {name,-34} p50 {1_000 * all.P50,7:F0} us  p99 {1_000 * all.P99,7:F0} us  {rate,9:N0} a second"));
        }
    }

    private static async Task<List<double>> LoopAsync(Func<int, ValueTask> decide, int caller)
    {
        var (times, begin, key) = (new List<double>(), Stopwatch.GetTimestamp(), caller);
        while (Stopwatch.GetElapsedTime(begin) < Length)
        {
            var start = Stopwatch.GetTimestamp();
            await decide(key = (key + 1) % Keys);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        return times;
    }
}
