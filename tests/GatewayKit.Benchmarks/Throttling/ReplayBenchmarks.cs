using System.Globalization;
using System.Text;
using BenchmarkDotNet.Attributes;
using GatewayKit.Throttling.Replay;
using Microsoft.Extensions.Configuration;

namespace GatewayKit.Benchmarks.Throttling;

/// <summary>What one recorded request takes: to be read, and to be sent through limits. 500 of them a second come from 10,000 clients.</summary>
[MemoryDiagnoser]
public class ReplayBenchmarks
{
    private const int Records = 200_000;

    private byte[] _log = [];
    private IConfigurationSection _none = null!;
    private IConfigurationSection _throttles = null!;
    private IConfigurationSection _quota = null!;

    [GlobalSetup]
    public void Setup()
    {
        var (random, lines) = (new Random(1), new StringBuilder());
        var start = new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);
        for (var i = 0; i < Records; i++)
        {
            lines.Append(
                CultureInfo.InvariantCulture,
                $$$"""{"time":"{{{start.AddMilliseconds(i * 2):O}}}","route":"orders","client":"10.0.{{{random.Next(40)}}}.{{{random.Next(250)}}}","headers":{"X-Tenant":"t{{{random.Next(100)}}}"},"requestBytes":{{{random.Next(1_000)}}},"responseBytes":{{{random.Next(9_000)}}},"status":200,"duration":0.{{{random.Next(1, 300):000}}}}""").Append('\n');
        }

        const string throttles = """ "Throttle": [{ "RequestsPerSecond": 0.05, "Burst": 2 }, { "RequestsPerSecond": 4, "Burst": 20, "Partition": "Header:X-Tenant" }] """;
        _log = Encoding.UTF8.GetBytes(lines.ToString());
        _none = Section(""" "Timeout": { "Total": "00:00:10" } """);
        _throttles = Section(throttles);
        _quota = Section($$""" {{throttles}}, "Quota": { "Limit": 50000, "Unit": "ContentBytes", "Window": { "Calendar": "Day" } } """);
    }

    [Benchmark(OperationsPerInvoke = Records)]
    public async Task<long> Read() => await Log().LongCountAsync();

    [Benchmark(OperationsPerInvoke = Records)]
    public Task<ReplayReport> WithoutLimits() => LimitReplay.RunAsync(_none, Log());

    [Benchmark(OperationsPerInvoke = Records)]
    public Task<ReplayReport> TwoThrottles() => LimitReplay.RunAsync(_throttles, Log());

    [Benchmark(OperationsPerInvoke = Records)]
    public Task<ReplayReport> TwoThrottlesAndAQuotaOfBytes() => LimitReplay.RunAsync(_quota, Log());

    [Benchmark(OperationsPerInvoke = Records)]
    public Task<ReplayComparison> Compared() => LimitReplay.CompareAsync(_throttles, _quota, Log());

    private AccessLog Log() => new(new MemoryStream(_log), "log");

    private static IConfigurationSection Section(string limits)
    {
        var json = $$"""{ "Gateway": { "Routes": { "orders": { "Match": { "Path": "/orders" }, "Respond": { "Body": "" }, {{limits}} } } } }""";
        return new ConfigurationBuilder().AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(json))).Build().GetSection("Gateway");
    }
}
