using GatewayKit.Auditing;
using GatewayKit.Auditing.Journal;
using GatewayKit.Auditing.Personal;
using GatewayKit.Auditing.Shipping;
using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

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
