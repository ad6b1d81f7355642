using GatewayKit.Auditing;
using GatewayKit.Auditing.Journal;
using GatewayKit.Auditing.Personal;
using GatewayKit.Auditing.Shipping;
using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Routing;
using GatewayKit.Secrets;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace GatewayKit.FunctionalTests.Auditing;

/// <summary>What a journal is opened with, and what it is not opened with.</summary>
public sealed class AuditStartTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("gatewaykit-audit-");

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public async Task Reload_that_demands_Strict_of_a_journal_without_an_anchor_is_rejected()
    {
        var source = new MemoryRouteSource { Set = Set(AuditDelivery.Guaranteed) };
        await using var gateway = await StartAsync(new(), builder => builder.AddSource(source));
        var configurator = gateway.App.Services.GetRequiredService<GatewayConfigurator>();
        source.Set = Set(AuditDelivery.Strict);
        var result = await configurator.ReloadAsync(TestContext.Current.CancellationToken);
        Assert.False(result.Accepted);
        Assert.Contains("IAuditAnchor", Assert.Single(result.Errors).Message, StringComparison.Ordinal);
        Assert.Equal(AuditDelivery.Guaranteed, Assert.Single(configurator.Current.Routes.Values.SelectMany(static route => route.Policies).OfType<AuditPolicy>()).Delivery);
    }

    [Fact]
    public async Task Reload_that_demands_Strict_of_a_journal_with_an_anchor_is_taken()
    {
        var source = new MemoryRouteSource { Set = Set(AuditDelivery.Guaranteed) };
        await using var gateway = await StartAsync(new() { LogCheckpoints = true }, builder => builder.AddSource(source));
        source.Set = Set(AuditDelivery.Strict);
        Assert.True((await gateway.App.Services.GetRequiredService<GatewayConfigurator>().ReloadAsync(TestContext.Current.CancellationToken)).Accepted);
    }

    // A line that was signed is gone. A start that demands it at once is refused by the journal itself.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Reload_that_demands_Strict_of_a_damaged_journal_is_rejected_until_somebody_has_looked_at_it(bool isAcknowledged)
    {
        var directory = Path.Combine(_root.FullName, "audit");
        await HostlessJournal.Open(directory, null, "one").DisposeAsync();
        var segment = Directory.GetFiles(directory, "*" + JournalPaths.Segment, SearchOption.AllDirectories).Single();
        var boot = Path.GetFileName(Path.GetDirectoryName(segment))!;
        await File.WriteAllLinesAsync(segment, (await File.ReadAllLinesAsync(segment, TestContext.Current.CancellationToken))[..^1], TestContext.Current.CancellationToken);

        var source = new MemoryRouteSource { Set = Set(AuditDelivery.Guaranteed) };
        await using var gateway = await StartAsync(new() { Instance = "one", LogCheckpoints = true, AcknowledgedDamages = isAcknowledged ? [boot] : [] }, builder => builder.AddSource(source));
        var configurator = gateway.App.Services.GetRequiredService<GatewayConfigurator>();
        source.Set = Set(AuditDelivery.Strict);
        var result = await configurator.ReloadAsync(TestContext.Current.CancellationToken);
        Assert.Equal(isAcknowledged, result.Accepted);
        if (!isAcknowledged)
        {
            Assert.Contains($"add \"{boot}\" to Journal.AcknowledgedDamages", Assert.Single(result.Errors).Message, StringComparison.Ordinal);
            Assert.Equal(AuditDelivery.Guaranteed, Assert.Single(configurator.Current.Routes.Values.SelectMany(static route => route.Policies).OfType<AuditPolicy>()).Delivery);
        }
    }

    [Fact]
    public async Task Health_check_fails_while_a_journal_that_a_reload_asks_for_cannot_be_opened()
    {
        var inTheWay = Path.Combine(_root.FullName, "audit");
        await File.WriteAllTextAsync(inTheWay, string.Empty, TestContext.Current.CancellationToken);
        var source = new MemoryRouteSource { Set = new() };
        await using var gateway = await TestHost.StartAsync(
            builder =>
            {
                builder.Services.AddApiGateway().AddSource(source);
                builder.Services.AddHealthChecks().AddGatewayAudit();
            },
            static app => app.MapGatewayRoutes(),
            contentRoot: _root.FullName);
        Assert.Equal(HealthStatus.Healthy, await CheckAsync());
        source.Set = Set(AuditDelivery.Guaranteed);
        await ReloadAsync();
        Assert.Equal(HealthStatus.Unhealthy, await CheckAsync());

        // What nobody asks for any more is not missing.
        source.Set = new();
        await ReloadAsync();
        Assert.Equal(HealthStatus.Healthy, await CheckAsync());
        File.Delete(inTheWay);
        source.Set = Set(AuditDelivery.Guaranteed);
        await ReloadAsync();
        Assert.Equal(HealthStatus.Healthy, await CheckAsync());

        async Task<HealthStatus> CheckAsync() => (await gateway.App.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(TestContext.Current.CancellationToken)).Status;

        async Task ReloadAsync() => Assert.True((await gateway.App.Services.GetRequiredService<GatewayConfigurator>().ReloadAsync(TestContext.Current.CancellationToken)).Accepted);
    }

    [Fact]
    public async Task Start_that_fails_lets_go_of_the_journal()
    {
        // Where the folder of what sinks have sent belongs.
        var folder = JournalPaths.Instance(Path.Combine(_root.FullName, "audit"), "one");
        Directory.CreateDirectory(folder);
        var inTheWay = Path.Combine(folder, JournalPaths.Shipping);
        await File.WriteAllTextAsync(inTheWay, string.Empty, TestContext.Current.CancellationToken);
        static void AddSink(GatewayBuilder builder) => builder.AddAuditSink("copy", static _ => new NoSink(), new() { IsRequired = true });
        await Assert.ThrowsAsync<GatewayConfigurationException>(() => StartAsync(new() { Instance = "one" }, AddSink));
        File.Delete(inTheWay);
        await using var gateway = await StartAsync(new() { Instance = "one" }, AddSink);
        Assert.True(File.Exists(Path.Combine(inTheWay, "required")));
    }

    [Fact]
    public async Task Paths_are_in_the_content_root_wherever_the_process_was_started()
    {
        using (var key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256))
        {
            await File.WriteAllTextAsync(Path.Combine(_root.FullName, "own.pem"), key.ExportPkcs8PrivateKeyPem(), TestContext.Current.CancellationToken);
        }

        await using (await StartAsync(new() { Directory = "journal", AlternateDirectory = "alternate", SigningKeyFile = "own.pem", Instance = "one" }))
        {
        }

        Assert.False(File.Exists(Path.Combine(JournalPaths.Instance(Path.Combine(_root.FullName, "journal"), "one"), JournalPaths.SigningKey)));
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(_root.FullName, "journal"), "*" + JournalPaths.Segment, SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData("keys", "AlternateDirectory", " ")]
    [InlineData("other/keys", "KeyDirectory", "other")]
    public async Task Blank_alternate_directory_and_keys_inside_it_keep_the_host_from_starting(string keys, string named, string alternate)
    {
        var exception = await Assert.ThrowsAnyAsync<Exception>(() => StartAsync(new() { AlternateDirectory = alternate, Personal = new() { Encrypted = [PersonalField.Address], KeyDirectory = keys } }));
        Assert.Contains(named, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Secrets_that_are_missing_or_too_short_are_told_together_with_everything_else_that_is_wrong()
    {
        var tooShort = Path.Combine(_root.FullName, "short.key");
        await File.WriteAllTextAsync(tooShort, "thirty-one-bytes-are-one-too-fe\n", TestContext.Current.CancellationToken);
        var journal = new JournalOptions
        {
            Personal = new()
            {
                PseudonymKeys = new Dictionary<string, SecretReference> { ["2025"] = SecretReference.Parse("file:nowhere/2025"), ["2026"] = SecretReference.Parse($"file:{tooShort}") }, PseudonymEpoch = "2026",
            },
        };
        var exception = await Assert.ThrowsAsync<GatewayConfigurationException>(() => StartAsync(journal, gateway => gateway
            .AddRoutes(new GatewayRoute { Id = "lost", Match = new() { Path = "/lost" }, Cluster = "none" })
            .AddAuditWebhookAnchor(new() { Address = new("https://audit.example.com"), Secret = SecretReference.Parse("env:NO_SUCH_ANCHOR_SECRET") })
            .AddAuditWebhook(new() { Name = "copies", Address = new("https://audit.example.com"), Secret = SecretReference.Parse($"file:{tooShort}") })
            .RequireSecret("Audit sink 'mine'", "Password", SecretReference.Parse("config:Mine:Password"))));
        var errors = exception.Errors.Select(static error => error.ToString()).ToArray();
        Assert.Equal(6, errors.Length);
        Assert.Contains(errors, static error => error.Contains("'none'", StringComparison.Ordinal));
        Assert.Contains("Audit anchor 'webhook': Secret is env:NO_SUCH_ANCHOR_SECRET. The environment variable NO_SUCH_ANCHOR_SECRET is not set, or is empty. Set it before the host starts.", errors);
        Assert.Contains($"Audit sink 'copies': Secret: what is at file:{tooShort} has less than 32 bytes in UTF-8. Put a longer one there, such as \"openssl rand -base64 32\" makes it.", errors);
        Assert.Contains("Audit sink 'mine': Password is config:Mine:Password. The host's configuration has no value at Mine:Password. Add it, such as by user secrets.", errors);
        Assert.Contains("GatewayOptions:Journal:Personal: PseudonymKeys.2025 is file:nowhere/2025. There is no file nowhere/2025. Mount or write it before the host starts.", errors);
        Assert.Contains(errors, error => error.StartsWith($"GatewayOptions:Journal:Personal: PseudonymKeys.2026: what is at file:{tooShort} is no key.", StringComparison.Ordinal));
        Assert.DoesNotContain("thirty-one", exception.Message, StringComparison.Ordinal);
        Assert.Empty(_root.GetDirectories());
    }

    private static RouteSet Set(AuditDelivery delivery) => new()
    {
        Clusters = [new() { Id = "up", Destinations = new Dictionary<string, GatewayKit.Clusters.Destination> { ["a"] = new() { Address = new("http://127.0.0.1:1") } } }],
        Routes = [new() { Id = "all", Match = new() { Path = "/a" }, Cluster = "up", Policies = [new AuditPolicy { Delivery = delivery }] }],
    };

    private Task<TestHost> StartAsync(JournalOptions journal, Action<GatewayBuilder>? services = null) => TestHost.StartAsync(
        builder =>
        {
            var gateway = builder.Services.AddApiGateway();
            builder.Services.Configure<GatewayOptions>(options => options.Journal = journal);
            services?.Invoke(gateway);
        },
        static app => app.MapGatewayRoutes(),
        contentRoot: _root.FullName);

    private sealed class NoSink : IAuditSink
    {
        public ValueTask<AuditReceipt> WriteAsync(AuditBatch batch, CancellationToken cancellationToken) =>
            new(AuditReceipt.Complete);
    }
}
