using System.Text.Json;
using GatewayKit.Auditing.Personal;
using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using GatewayKit.Secrets;
using Microsoft.AspNetCore.Builder;

namespace GatewayKit.FunctionalTests.Auditing.Personal;

/// <summary>A journal of a gateway that names nobody.</summary>
public sealed class PseudonymisedHostTests
{
    [Fact]
    public async Task Callers_and_addresses_are_in_the_journal_by_their_pseudonyms_only()
    {
        using var key = new KeyFile();
        await using var host = await StartAsync(key.Reference);
        foreach (var consumer in new[] { "acme-corp", "acme-corp", "other-inc" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/a") { Headers = { { "X-Who", consumer }, { "Host", "api.example" } } };
            using var answer = await host.Client.SendAsync(request);
            Assert.True(answer.IsSuccessStatusCode);
        }

        using (var connection = await RawConnection.ConnectAsync(host.Gateway.Address))
        {
            await connection.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
            Assert.Contains(" 400 ", await connection.ReadHeadAsync(), StringComparison.Ordinal);
        }

        var lines = await host.StopAndReadAsync();
        var begins = lines.Where(static line => Text(line, "kind") is "begin").ToArray();
        Assert.Equal(3, begins.Length);
        Assert.All(begins, static begin => Assert.All(new[] { "sub", "app", "keyId", "src" }, name => Assert.StartsWith("2026.", Text(begin, name))));
        Assert.Equal(Text(begins[0], "sub"), Text(begins[1], "sub"));
        Assert.NotEqual(Text(begins[0], "sub"), Text(begins[2], "sub"));
        Assert.StartsWith("2026.", Text(Assert.Single(lines, static line => line.TryGetProperty("event", out var name) && name.GetString() is "protocol_reject"), "src"));
        Assert.Equal("2026", Text(Assert.Single(lines, static line => line.TryGetProperty("event", out var name) && name.GetString() is "audit.scope"), "pseudonyms"));
        var journal = host.ReadText();
        Assert.All(new[] { "acme", "other-inc", "127.0.0.1", "the-app", "the-key" }, secret => Assert.DoesNotContain(secret, journal, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Host_does_not_start_without_the_key()
    {
        var exception = await Assert.ThrowsAsync<GatewayConfigurationException>(() => StartAsync(SecretReference.Parse("file:/nowhere/key")));
        Assert.Contains("/nowhere/key", exception.Message, StringComparison.Ordinal);
    }

    internal static string? Text(JsonElement line, string name) => line.TryGetProperty(name, out var value) ? value.GetString() : null;

    internal static Action<WebApplication> MapWithCallers => static app =>
    {
        app.Use(static (context, next) =>
        {
            if (context.Request.Headers["X-Who"] is [{ } who])
            {
                context.Features.Set(new GatewayConsumer(who) { ApplicationId = $"the-app-of-{who}", CredentialId = "the-key" });
            }

            return next(context);
        });
        app.MapGatewayRoute("/{**rest}", cluster: "up").WithAuditing();
    };

    private static Task<AuditedHost> StartAsync(SecretReference key) => AuditedHost.StartAsync(
        map: MapWithCallers, journal: options => options with { Personal = new() { PseudonymKeys = new Dictionary<string, SecretReference> { ["2026"] = key } } });

    private sealed class KeyFile : IDisposable
    {
        private readonly string _path = Path.GetTempFileName();

        public KeyFile() => File.WriteAllText(_path, Convert.ToBase64String(Guid.NewGuid().ToByteArray().Concat(Guid.NewGuid().ToByteArray()).ToArray()) + "\n");

        public SecretReference Reference => SecretReference.Parse($"file:{_path}");

        public void Dispose() => File.Delete(_path);
    }
}
