using System.Text;
using System.Text.Json;
using GatewayKit.Auditing;
using GatewayKit.Auditing.Personal;
using GatewayKit.Auditing.Reading;
using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GatewayKit.FunctionalTests.Auditing.Bodies;

/// <summary>Bodies belong to the personal part of a record: who has the keys reads them, and without keys they are there by explicit leave alone.</summary>
public sealed class EncryptedBodyTests : IDisposable
{
    private readonly string _keys = Path.Combine(Path.GetTempPath(), $"gatewaykit-keys-{Guid.NewGuid():N}");

    public void Dispose()
    {
        if (Directory.Exists(_keys))
        {
            Directory.Delete(_keys, recursive: true);
        }
    }

    [Theory]
    [InlineData(new[] { PersonalField.Bodies }, 2_048)]
    [InlineData(new[] { PersonalField.Consumer }, 1_024)]
    [InlineData(new[] { PersonalField.Headers, PersonalField.Bodies }, 2_048)]
    public async Task Body_is_read_with_the_key_and_by_nobody_without(PersonalField[] encrypted, int maxBytes)
    {
        await using var host = await AuditedHost.StartAsync(
            static async context =>
            {
                (context.Response.ContentType, context.Response.Headers["X-Said"]) = ("application/json", "canary-field");
                await context.Request.Body.CopyToAsync(context.Response.Body);
            },
            app => app.MapGatewayRoute("/{**rest}", cluster: "up").WithAuditing(new AuditPolicy { ResponseHeaders = ["X-Said"], Body = new() { Request = true, Response = true, MaxBytes = maxBytes } }),
            journal: options => options with { Personal = new() { Encrypted = encrypted, KeyDirectory = _keys } });
        string[] bodies = ["{\"a\":\"canary-0\"}", $"[{string.Join(',', Enumerable.Range(0, 400).Select(static i => $"\"canary-{i}\""))}]"];
        foreach (var body in bodies)
        {
            using var content = new StringContent(body, Encoding.UTF8, "application/json");
            using var answer = await host.Client.PostAsync(new Uri("/x", UriKind.Relative), content, TestContext.Current.CancellationToken);
            Assert.Equal(body, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }

        await host.Gateway.DisposeAsync();
        Assert.All(host.ReadText().Split('\n'), static line => Assert.InRange(line.Length, 0, 4_096));
        Assert.DoesNotContain("canary-0", host.ReadText(), StringComparison.Ordinal);
        Assert.DoesNotContain("bodyIn", host.ReadText(), StringComparison.Ordinal);
        var log = new AuditLog(host.Folder);
        var entries = (await log.QueryAsync(new() { IncludeEvents = false }, TestContext.Current.CancellationToken)).Entries;
        var reader = new AuditPersonalData(new FileAuditKeyStore(_keys));
        foreach (var (entry, body) in entries.Zip(bodies))
        {
            var part = JsonElement.Parse((await reader.ReadAsync(entry.End!.Text, entry.Boot, TestContext.Current.CancellationToken))!);
            Assert.Equal(encrypted.Contains(PersonalField.Headers), part.TryGetProperty("hdr", out _));
            foreach (var name in (string[])["bodyIn", "bodyOut"])
            {
                var recorded = part.GetProperty(name);
                Assert.Equal(body.Length, recorded.GetProperty("n").GetInt32());
                Assert.StartsWith(recorded.GetProperty("text").GetString(), body, StringComparison.Ordinal);
                Assert.InRange(recorded.GetProperty("text").GetString()!.Length, Math.Min(body.Length, 900), body.Length);
            }
        }

        // In none of the forms of an export.
        foreach (var format in Enum.GetValues<AuditExportFormat>())
        {
            using var export = new MemoryStream();
            await log.ExportAsync(new(), format, export, cancellationToken: TestContext.Current.CancellationToken);
            Assert.DoesNotContain("canary-0", Encoding.UTF8.GetString(export.ToArray()), StringComparison.Ordinal);
        }

        await new FileAuditKeyStore(_keys).EraseAsync($"day:{DateTime.UtcNow:yyyy-MM-dd}", default);
        Assert.True((await log.VerifyAsync(cancellationToken: TestContext.Current.CancellationToken)).IsIntact);
    }

    [Fact]
    public async Task Host_whose_journal_would_have_bodies_in_the_clear_does_not_start()
    {
        var exception = await Assert.ThrowsAsync<GatewayConfigurationException>(() => AuditedHost.StartAsync(
            map: static app => app.MapGatewayRoute("/{**rest}", cluster: "up").WithAuditing(new AuditPolicy { Body = new() { Request = true } })));
        Assert.Contains("/{**rest}", exception.Message, StringComparison.Ordinal);
        Assert.Contains("Body would be in the journal in the clear", exception.Message, StringComparison.Ordinal);
        Assert.Contains("Body:AllowUnencrypted", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Host_that_records_bodies_says_so_at_its_start()
    {
        using var log = new LogRecorder();
        await using var host = await AuditedHost.StartAsync(
            map: static app =>
            {
                app.MapGatewayRoute("/orders/{**rest}", cluster: "up").WithAuditing(new AuditPolicy { Body = new() { Request = true, AllowUnencrypted = true } });
                app.MapGet("/plain", static () => "plain").WithName("plain").WithAuditing();
                app.MapGet("/own", static () => "own").WithName("own").WithAuditing(new AuditPolicy { Body = new() { Response = true, AllowUnencrypted = true } });
            },
            services: gateway => gateway.Services.AddSingleton<ILoggerProvider>(log));
        var entry = Assert.Single(log.Take(2064));
        Assert.Equal(LogLevel.Warning, entry.Level);
        Assert.Equal(
            "The audit journal has bodies of requests or answers at /orders/{**rest}, own, without what masks and detectors find: they may have personal data and secrets.", entry.Message);
    }

    [Fact]
    public async Task Settings_are_bound_from_JSON_and_their_faults_have_their_place()
    {
        var exception = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.GatewayAsync(
            """
            {
              "Clusters": { "up": { "Destinations": { "a": { "Address": "http://127.0.0.1:9" } } } },
              "Routes": {
                "none": { "Match": { "Path": "/a" }, "Cluster": "up", "Audit": { "Body": { "AllowUnencrypted": true } } },
                "wrong": { "Match": { "Path": "/b" }, "Cluster": "up", "Audit": { "Body": { "Request": true, "AllowUnencrypted": true, "MaxBytes": 4096, "ContentTypes": [ "image/png" ], "Masks": [ "$.a", "card" ] } } }
              }
            }
            """));
        foreach (var fault in (string[])["Routes:none:Audit", "says neither Request nor Response", "Routes:wrong:Audit:Body", "MaxBytes", "'image/png', which is not known as text", "Masks has 'card': a mask begins with '$'"])
        {
            Assert.Contains(fault, exception.Message, StringComparison.Ordinal);
        }
    }
}
