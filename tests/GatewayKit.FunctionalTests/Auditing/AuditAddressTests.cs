using System.Net;
using System.Text.Json;
using GatewayKit.Auditing.Personal;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.HttpOverrides;

namespace GatewayKit.FunctionalTests.Auditing;

/// <summary>From where, and how that was found out.</summary>
public sealed class AuditAddressTests
{
    private Guid _boot;

    [Fact]
    public async Task Address_of_a_trusted_proxy_is_beside_the_one_that_it_tells()
    {
        var begin = await AskAsync("203.0.113.7", Forwarded(trusted: true));
        Assert.Equal(("203.0.113.7", "forwarded", "127.0.0.1"), Fields(begin));
    }

    [Fact]
    public async Task Address_of_the_connection_counts_where_nobody_is_trusted()
    {
        // Its own note of an earlier address says nothing either.
        var begin = await AskAsync("203.0.113.7", Forwarded(trusted: false));
        Assert.Equal(("127.0.0.1", null, null), Fields(begin));
        Assert.Equal(("127.0.0.1", null, null), Fields(await AskAsync("203.0.113.7", static _ => { })));
    }

    [Fact]
    public async Task Middleware_of_the_host_that_sets_another_address_is_told_apart()
    {
        var begin = await AskAsync(null, static app => app.Use(static (context, next) =>
        {
            context.Connection.RemoteIpAddress = IPAddress.Parse("2001:db8::7");
            return next(context);
        }));
        Assert.Equal(("2001:db8::7", "forwarded", "127.0.0.1"), Fields(begin));
    }

    [Fact]
    public async Task Record_that_begins_behind_the_arrival_does_not_claim_to_know()
    {
        var begin = await AskAsync("203.0.113.7", Forwarded(trusted: true), "/excluded");
        Assert.Equal(("203.0.113.7", "unknown", null), Fields(begin));
    }

    [Fact]
    public async Task Networks_are_all_that_is_shown_of_either_where_the_journal_says_so()
    {
        var begin = await AskAsync("203.0.113.7", Forwarded(trusted: true), personal: new() { Addresses = RecordedAddress.Network });
        Assert.Equal(("203.0.113.0", "forwarded", "127.0.0.0"), Fields(begin));
    }

    [Fact]
    public async Task Neither_is_in_the_clear_where_addresses_are_encrypted()
    {
        var keys = Directory.CreateTempSubdirectory("gatewaykit-keys-");
        JsonElement begin;
        do
        {
            begin = await AskAsync("203.0.113.7", Forwarded(trusted: true), personal: new() { Encrypted = [PersonalField.Address], KeyDirectory = keys.FullName });
            Assert.Equal((null, "forwarded", null), Fields(begin));
        }
        while (begin.TryGetProperty("pLost", out _));

        var part = JsonElement.Parse((await new AuditPersonalData(new FileAuditKeyStore(keys.FullName)).ReadAsync(begin.GetRawText(), _boot, TestContext.Current.CancellationToken))!);
        Assert.Equal(("203.0.113.7", "127.0.0.1"), (Text(part, "src"), Text(part, "peer")));
        keys.Delete(recursive: true);
    }

    private static Action<WebApplication> Forwarded(bool trusted) => app =>
    {
        var options = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        options.KnownProxies.Add(IPAddress.Parse(trusted ? "127.0.0.1" : "192.0.2.1"));
        app.UseForwardedHeaders(options);
    };

    private async Task<JsonElement> AskAsync(string? forwardedFor, Action<WebApplication> use, string path = "/a", PersonalDataOptions? personal = null)
    {
        await using var host = await AuditedHost.StartAsync(
            map: app =>
            {
                use(app);
                app.MapGatewayRoute("/{**rest}", cluster: "up").WithAuditing();
            },
            journal: options => options with { ExcludedPaths = ["/excluded"], Personal = personal });
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (forwardedFor is not null)
        {
            request.Headers.Add("X-Forwarded-For", forwardedFor);
            request.Headers.Add("X-Original-For", "198.51.100.9:4711");
        }

        using var answer = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode);
        var lines = await host.StopAndReadAsync();
        _boot = lines[0].GetProperty("boot").GetGuid();
        return Assert.Single(lines, static line => line.GetProperty("kind").GetString() is "begin");
    }

    private static (string? Source, string? Trust, string? Peer) Fields(JsonElement begin) => (Text(begin, "src"), Text(begin, "srcTrust"), Text(begin, "peer"));

    private static string? Text(JsonElement line, string name) => line.TryGetProperty(name, out var value) ? value.GetString() : null;
}
