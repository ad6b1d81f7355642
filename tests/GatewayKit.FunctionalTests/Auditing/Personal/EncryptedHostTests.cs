using System.Text.Json;
using GatewayKit.Auditing;
using GatewayKit.Auditing.Personal;
using GatewayKit.Auditing.Reading;
using GatewayKit.Configuration;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Auditing.Personal;

/// <summary>A journal whose personal parts are encrypted, so that they can be erased.</summary>
public sealed class EncryptedHostTests : IDisposable
{
    private static readonly PersonalField[] All = Enum.GetValues<PersonalField>();

    private readonly string _keys = Path.Combine(Path.GetTempPath(), $"gatewaykit-keys-{Guid.NewGuid():N}");

    public void Dispose()
    {
        if (Directory.Exists(_keys))
        {
            Directory.Delete(_keys, recursive: true);
        }
    }

    [Fact]
    public async Task Personal_part_is_read_with_its_key_and_with_nothing_once_that_is_gone()
    {
        await using var host = await StartAsync();
        foreach (var who in new[] { "canary-acme", "canary-other", null })
        {
            await GetAsync(host, who);
        }

        await host.Gateway.DisposeAsync();
        var journal = host.ReadText();
        Assert.DoesNotContain("canary", journal, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("\"src\"", journal, StringComparison.Ordinal);
        var log = new AuditLog(host.Folder);
        var entries = (await log.QueryAsync(new() { IncludeEvents = false })).Entries;
        Assert.Equal(3, entries.Count);
        var (store, reader) = (new FileAuditKeyStore(_keys), new AuditPersonalData(new FileAuditKeyStore(_keys)));
        var first = JsonElement.Parse((await reader.ReadAsync(entries[0].Begin!.Text, entries[0].Boot))!);
        Assert.Equal(
            ("canary-acme", "the-app-of-canary-acme", "the-key", "127.0.0.1", "canary-agent"),
            (Text(first, "sub"), Text(first, "app"), Text(first, "keyId"), Text(first, "src"), Text(first, "ua")));
        Assert.Equal(("canary-field", "canary-query"), (Text(first.GetProperty("hdr"), "x-note"), Text(first.GetProperty("q"), "name")));
        Assert.Equal("canary-answer", Text(JsonElement.Parse((await reader.ReadAsync(entries[0].End!.Text, entries[0].Boot))!).GetProperty("hdr"), "x-said"));
        Assert.False(JsonElement.Parse((await reader.ReadAsync(entries[2].Begin!.Text, entries[2].Boot))!).TryGetProperty("sub", out _));
        await Assert.ThrowsAsync<InvalidDataException>(() => reader.ReadAsync(entries[0].Begin!.Text, Guid.NewGuid()).AsTask());

        Assert.Equal([entries[0].Text("pk")!], await store.EraseAsync("sub:canary-acme", default));
        Assert.Null(await reader.ReadAsync(entries[0].Begin!.Text, entries[0].Boot));
        Assert.Null(await reader.ReadAsync(entries[0].End!.Text, entries[0].Boot));
        Assert.NotNull(await reader.ReadAsync(entries[1].Begin!.Text, entries[1].Boot));
        Assert.NotNull(await reader.ReadAsync(entries[2].Begin!.Text, entries[2].Boot));
        var report = await log.VerifyAsync();
        Assert.True(report.IsIntact, report.ToString());
    }

    [Fact]
    public async Task Store_that_is_down_costs_the_personal_part_and_no_request()
    {
        await using var host = await StartAsync(services: static gateway => gateway.Services.AddSingleton<IAuditKeyStore, DeadStore>());
        await GetAsync(host, "canary-acme");
        var lines = await host.StopAndReadAsync();
        Assert.True(Assert.Single(lines, static line => Text(line, "kind") is "begin").GetProperty("pLost").GetBoolean());
        Assert.Equal("personal-keys", Text(Assert.Single(lines, static line => Text(line, "event") is "audit.degraded"), "reason"));
        Assert.DoesNotContain("canary", host.ReadText(), StringComparison.Ordinal);
    }

    // It belongs to no caller's key, so there is none to encrypt it with.
    [Fact]
    public async Task Address_of_an_administrator_is_left_out_where_addresses_are_encrypted()
    {
        await using var host = await StartAsync();
        await host.Gateway.App.Services.GetRequiredService<AuditedChanges>().ChangedAsync(
            new() { Action = GatewayKit.Admin.GatewayAdminAction.ConsumerSuspended, ConsumerId = "acme", Address = System.Net.IPAddress.Parse("203.0.113.77"), TraceId = "trace", At = DateTimeOffset.UnixEpoch }, default);
        Assert.Equal("ConsumerSuspended", Text(Assert.Single(await host.StopAndReadAsync(), static line => Text(line, "event") is "admin"), "action"));
        Assert.DoesNotContain("203.0.113", host.ReadText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_are_not_kept_in_the_journal()
    {
        var exception = await Assert.ThrowsAsync<GatewayConfigurationException>(async () =>
        {
            await using var host = await AuditedHost.StartAsync(journal: static options => options with { Personal = new() { Encrypted = All, KeyDirectory = Path.Combine(options.Directory, "keys") } });
        });
        Assert.Contains("Name another directory", exception.Message, StringComparison.Ordinal);
    }

    private Task<AuditedHost> StartAsync(Action<GatewayBuilder>? services = null) => AuditedHost.StartAsync(
        static context =>
        {
            context.Response.Headers["X-Said"] = "canary-answer";
            return Task.CompletedTask;
        },
        static app =>
        {
            app.Use(static (context, next) =>
            {
                if (context.Request.Headers["X-Who"] is [{ } who])
                {
                    context.Features.Set(new GatewayConsumer(who) { ApplicationId = $"the-app-of-{who}", CredentialId = "the-key" });
                }

                return next(context);
            });
            app.MapGatewayRoute("/{**rest}", cluster: "up").WithAuditing(new AuditPolicy { RequestHeaders = ["X-Note"], ResponseHeaders = ["X-Said"], QueryKeys = ["name"] });
        },
        services,
        options => options with { Personal = new() { Encrypted = All, KeyDirectory = _keys } });

    private static async Task GetAsync(AuditedHost host, string? who)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/a?name=canary-query") { Headers = { { "Host", "api.example" }, { "User-Agent", "canary-agent" }, { "X-Note", "canary-field" } } };
        if (who is not null)
        {
            request.Headers.Add("X-Who", who);
        }

        using var answer = await host.Client.SendAsync(request);
        Assert.True(answer.IsSuccessStatusCode);
    }

    private static string? Text(JsonElement line, string name) => line.TryGetProperty(name, out var value) ? value.GetString() : null;

    private sealed class DeadStore : IAuditKeyStore
    {
        public ValueTask<AuditKey> GetAsync(string subject, CancellationToken cancellationToken) => throw new TimeoutException();

        public ValueTask<AuditKey?> FindAsync(string id, CancellationToken cancellationToken) => throw new TimeoutException();

        public ValueTask<IReadOnlyList<string>> FindIdsAsync(string subject, CancellationToken cancellationToken) => throw new TimeoutException();

        public ValueTask<IReadOnlyList<string>> EraseAsync(string subject, CancellationToken cancellationToken) => throw new TimeoutException();
    }
}
