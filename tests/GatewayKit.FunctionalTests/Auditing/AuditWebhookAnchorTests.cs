using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using GatewayKit.Auditing;
using GatewayKit.Auditing.Journal;
using GatewayKit.Auditing.Reading;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Secrets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Auditing;

/// <summary>A gateway that tells a service of somebody else's how far its journal is.</summary>
public sealed class AuditWebhookAnchorTests : IDisposable
{
    // Whenever so many lines were written there is a checkpoint.
    private const int LinesOfCheckpoint = 4_100;
    private const string Key = "0123456789abcdef0123456789abcdef";
    private readonly string _secret = Path.GetTempFileName();
    private readonly string _kept = Path.GetTempFileName();
    private readonly ConcurrentQueue<string> _bodies = new();
    private readonly ConcurrentQueue<string> _troubles = new();
    private volatile string _key = Key;
    private volatile bool _isDown, _forgetsToAnswer;

    public AuditWebhookAnchorTests() => File.WriteAllText(_secret, Key);

    public void Dispose()
    {
        File.Delete(_secret);
        File.Delete(_kept);
    }

    [Fact]
    public async Task Service_gets_each_checkpoint_once_in_order_and_signed()
    {
        await using var service = await StartServiceAsync();
        await using var host = await StartAsync(service);
        for (var count = 1; count <= 3; count++)
        {
            Write(host);
            await UntilAsync(() => _bodies.Count >= count);
        }

        await host.StopAndReadAsync();
        Assert.Empty(_troubles);
        Assert.Equal(Checkpoints(host).Take(_bodies.Count), _bodies);
    }

    [Fact]
    public async Task Service_that_was_down_gets_all_of_them_in_order_and_requests_wait_for_none()
    {
        await using var service = await StartServiceAsync();
        await using var host = await StartAsync(service);
        _isDown = true;
        for (var count = 1; count <= 3; count++)
        {
            Write(host);
            Assert.Equal("served", await host.Client.GetStringAsync(new Uri("/orders", UriKind.Relative), TestContext.Current.CancellationToken));
            await UntilAsync(() => Checkpoints(host).Length >= count);
        }

        await UntilAsync(() => Unanchored(host) > TimeSpan.Zero);
        Assert.Empty(_bodies);
        _isDown = false;
        await UntilAsync(() => Unanchored(host) == TimeSpan.Zero);
        await host.StopAndReadAsync();
        Assert.True(_bodies.Count >= 3);
        Assert.Equal(Checkpoints(host).Take(_bodies.Count), _bodies);
    }

    [Fact]
    public async Task Service_that_died_before_it_could_answer_gets_the_same_bytes_again()
    {
        await using var service = await StartServiceAsync();
        await using var host = await StartAsync(service);
        _forgetsToAnswer = true;
        Write(host);
        await UntilAsync(() => Checkpoints(host).Length > 0 && Unanchored(host) == TimeSpan.Zero);
        await host.StopAndReadAsync();
        var distinct = _bodies.Distinct().ToArray();
        Assert.Equal(distinct.Length + 1, _bodies.Count);
        Assert.Equal(Checkpoints(host).Take(distinct.Length), distinct);
    }

    [Fact]
    public async Task Service_that_knows_another_secret_keeps_nothing_and_that_shows_until_it_is_changed()
    {
        _key = "another-secret-of-thirty-two-bytes";
        await using var service = await StartServiceAsync();
        await using var host = await StartAsync(service);
        Write(host);
        await UntilAsync(() => _troubles.Count >= 2);
        Assert.Empty(_bodies);
        Assert.True(Unanchored(host) > TimeSpan.Zero);
        _key = Key;
        await UntilAsync(() => Unanchored(host) == TimeSpan.Zero);
        Assert.NotEmpty(_bodies);
    }

    [Fact]
    public async Task Tail_that_is_cut_off_with_its_checkpoints_is_missed_by_what_the_service_has()
    {
        await using var service = await StartServiceAsync();
        await using var host = await StartAsync(service);
        Write(host);
        await UntilAsync(() => !_bodies.IsEmpty);
        await host.StopAndReadAsync();
        await File.WriteAllLinesAsync(_kept, _bodies, TestContext.Current.CancellationToken);
        var anchored = new AuditVerificationOptions { Anchors = [_kept] };
        Assert.True((await VerifyAsync(anchored)).IsIntact);

        var segment = new DirectoryInfo(host.Folder).EnumerateFiles("*.gkal", SearchOption.AllDirectories).Single().FullName;
        await File.WriteAllLinesAsync(segment, (await File.ReadAllLinesAsync(segment, TestContext.Current.CancellationToken)).Take(100), TestContext.Current.CancellationToken);
        File.Delete(Path.ChangeExtension(segment, ".ck"));
        var unsigned = anchored with { Anchors = [], MostUnsigned = TimeSpan.FromDays(1) };
        Assert.True((await VerifyAsync(unsigned)).IsIntact, "Nobody could tell.");
        Assert.Contains((await VerifyAsync(anchored)).Findings, static one => one is { Level: AuditFindingLevel.Violation, Code: AuditFindingCode.CutTail });

        Task<AuditVerification> VerifyAsync(AuditVerificationOptions options) => new AuditLog(host.Folder).VerifyAsync(options, cancellationToken: TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Strict_routes_start_with_it_as_their_only_anchor()
    {
        await File.WriteAllTextAsync(_secret, Key, TestContext.Current.CancellationToken);
        await using var service = await StartServiceAsync();
        await using var host = await AuditedHost.StartAsync(
            map: static app => app.MapGatewayRoute("/{**rest}", cluster: "up").WithAuditing(AuditDelivery.Strict),
            services: gateway => gateway.AddAuditWebhookAnchor(new() { Address = service.Address, Secret = SecretReference.Parse($"file:{_secret}") }),
            journal: static options => options with { LogCheckpoints = false });
        Assert.Equal("served", await host.Client.GetStringAsync(new Uri("/orders", UriKind.Relative), TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("http://audit.example.com/", "webhook")]
    [InlineData("https://user:password@audit.example.com/", "webhook")]
    [InlineData("https://audit.example.com/", "two words")]
    public void Address_is_https_unless_it_is_this_machine_and_the_name_a_word(string address, string name) =>
        Assert.Throws<ArgumentException>(() => WebApplication.CreateSlimBuilder().Services.AddApiGateway()
            .AddAuditWebhookAnchor(new() { Name = name, Address = new(address), Secret = SecretReference.Parse("env:KEY") }));

    private Task<AuditedHost> StartAsync(TestHost service) => AuditedHost.StartAsync(
        services: gateway =>
        {
            gateway.AddAuditWebhookAnchor(new() { Address = service.Address, Secret = SecretReference.Parse($"file:{_secret}") });
        },
        journal: static options => options with { LogCheckpoints = false });

    private static AuditJournal Journal(AuditedHost host) => host.Gateway.App.Services.GetRequiredService<AuditTrail>().Journal!;

    private static TimeSpan Unanchored(AuditedHost host) => Journal(host).Unanchored.Single().Time;

    private static void Write(AuditedHost host)
    {
        var journal = Journal(host);
        for (var line = 0; line < LinesOfCheckpoint; line++)
        {
            journal.Append(journal.NewEvent("test", static _ => { }));
        }
    }

    // Those that the journal has, in order; the last one may be half of a line at this moment.
    private static string[] Checkpoints(AuditedHost host) =>
    [
        .. new DirectoryInfo(host.Folder).EnumerateFiles("*.ck", SearchOption.AllDirectories).SelectMany(static file =>
        {
            using var reader = new StreamReader(new FileStream(file.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            return reader.ReadToEnd().Split('\n')[..^1];
        }),
    ];

    private static async Task UntilAsync(Func<bool> isSo)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (!isSo())
        {
            await Task.Delay(10, limit.Token);
        }
    }

    // As somebody else would write it.
    private Task<TestHost> StartServiceAsync() => TestHost.StartAsync(map: app => app.Run(async context =>
    {
        using var reader = new StreamReader(context.Request.Body);
        var body = await reader.ReadToEndAsync(context.RequestAborted);
        if (_isDown)
        {
            context.Abort();
            return;
        }

        var parts = context.Request.Headers["Audit-Signature"].ToString().Split(',');
        var signed = $"{parts[0][2..]}.{context.Request.Headers["Audit-Instance"]}.{context.Request.Headers["Audit-Boot"]}.{body}";
        if (parts[1] != $"v1={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(_key), Encoding.UTF8.GetBytes(signed)))}" || context.Request.ContentType is not "application/json")
        {
            _troubles.Enqueue(body);
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        _bodies.Enqueue(body);
        if (_forgetsToAnswer)
        {
            _forgetsToAnswer = false;
            context.Abort();
        }
    }));
}
