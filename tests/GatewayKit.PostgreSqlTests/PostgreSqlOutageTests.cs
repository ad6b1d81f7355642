using System.Diagnostics;
using System.Globalization;
using GatewayKit.Auditing.Shipping;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.PostgreSqlTests;

/// <summary>The database is away while requests come (faults, T13): for seconds here, for a minute by <c>tests/outages</c>.</summary>
public sealed class PostgreSqlOutageTests : IDisposable
{
    private const string SecondsVariable = "GATEWAYKIT_OUTAGE_SECONDS";
    private const string PauseVariable = "GATEWAYKIT_OUTAGE_PAUSE_MS";
    private const int RequestsATime = 50;

    // A host that is asked as often as it can answer writes more in a minute than the database takes in two: what is looked for is when it begins to get them.
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(100);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("gatewaykit-audit-");

    [Fact]
    public async Task Every_request_is_served_and_recorded_and_the_database_has_them_all_when_it_is_back()
    {
        var (outage, pause) = (TimeSpan.FromSeconds(Setting(SecondsVariable, 3)), TimeSpan.FromMilliseconds(Setting(PauseVariable, 500)));
        await using var own = new OwnServer();
        await own.Server.InitializeAsync();
        await using var database = await AuditDatabase.CreateAsync(own.Server);
        var requests = 0;
        await using (var gateway = await AuditedGateway.StartAsync(
            _directory.FullName, gateway => gateway.AddPostgreSqlAudit(database.ShipperString, new() { Sink = new() { Interval = TimeSpan.FromMilliseconds(20), LongestPause = pause } })))
        {
            await AskAsync();
            await Eventually.IsSoAsync(async () => await EndsAsync() == requests);
            await own.Server.KillAsync();
            for (var away = Stopwatch.StartNew(); away.Elapsed < outage;)
            {
                await AskAsync();
                await Task.Delay(Between, TestContext.Current.CancellationToken);
            }

            await own.Server.RestartAsync();
            var back = Stopwatch.StartNew();
            database.Administrator.Clear();
            var missed = requests - RequestsATime;
            await Eventually.IsSoAsync(async () => await EndsAsync() > RequestsATime);
            var begun = back.Elapsed;
            await Eventually.IsSoAsync(async () => await EndsAsync() == requests);
            TestContext.Current.TestOutputHelper?.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{missed} requests in an outage of {outage.TotalSeconds:F0} s, none refused; the database had the first of them {begun.TotalSeconds:F2} s and all {back.Elapsed.TotalSeconds:F2} s after it took connections again (longest pause {pause.TotalSeconds:F1} s)."));
            await AskAsync();
            await Eventually.IsSoAsync(async () => await EndsAsync() == requests);

            async Task AskAsync()
            {
                // Each has to be answered by 200.
                await gateway.AskAsync(RequestsATime);
                requests += RequestsATime;
            }
        }

        var keys = await database.KeysAsync();
        Assert.Equal(AuditedGateway.Keys(_directory.FullName).Take(keys.Count), keys);
        Assert.Equal(requests, await database.CountAsync("SELECT count(*) FROM gatewaykit_audit.records WHERE kind = 'begin'"));
        Assert.Equal(requests, await database.CountAsync("SELECT count(DISTINCT rid) FROM gatewaykit_audit.records WHERE kind = 'end' AND st = 200"));

        Task<long> EndsAsync() => database.CountAsync("SELECT count(*) FROM gatewaykit_audit.records WHERE kind = 'end'");
    }

    [Theory]
    [InlineData(0.4)]
    [InlineData(301)]
    public void Pause_has_a_range(double seconds) =>
        Assert.Contains("LongestPause", Assert.Throws<ArgumentException>(() => Microsoft.AspNetCore.Builder.WebApplication.CreateSlimBuilder().Services.AddApiGateway()
            .AddPostgreSqlAudit("Host=127.0.0.1", new() { Sink = new AuditSinkOptions { LongestPause = TimeSpan.FromSeconds(seconds) } })).Message, StringComparison.Ordinal);

    public void Dispose() => _directory.Delete(recursive: true);

    private static int Setting(string name, int otherwise) => int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : otherwise;
}
