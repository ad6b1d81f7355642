using System.Text;
using System.Text.RegularExpressions;
using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Forwarding;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.FunctionalTests.Transforms;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;

namespace GatewayKit.FunctionalTests.Identity.TowardsDestinations;

public sealed class StaticCredentialTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Theory]
    [InlineData("""{ "Value": "config:Secrets:Key" }""", "Authorization", "k-1")]
    [InlineData("""{ "Value": "config:Secrets:Key", "Scheme": "Bearer" }""", "Authorization", "Bearer k-1")]
    [InlineData("""{ "Header": "X-Orders-Key", "Value": "config:Secrets:Key" }""", "X-Orders-Key", "k-1")]
    [InlineData("""{ "User": "gw", "Password": "config:Secrets:Client" }""", "Authorization", "Basic Z3c6czNjcjpldCArJQ==")]
    public async Task Secret_is_written_into_its_header(string credential, string header, string expected)
    {
        await using var gateway = await CredentialedGateway.StartAsync($$"""
            "UpstreamCredentials": { "Static": {{credential}} }
            """);
        Assert.Equal(expected, (await gateway.SendAsync((header, "of-the-client")))[header]);
    }

    // CGI-like servers take these for the same header.
    [Theory]
    [InlineData("X_Orders_Key")]
    [InlineData("x-orders_key")]
    [InlineData("X.Orders.Key")]
    public async Task Other_spellings_of_the_header_do_not_pass(string alias)
    {
        await using var gateway = await CredentialedGateway.StartAsync("""
            "UpstreamCredentials": { "Static": { "Header": "X-Orders-Key", "Value": "config:Secrets:Key" } }
            """);
        var seen = await gateway.SendAsync((alias, "of-the-client"));
        Assert.Equal(("k-1", null), (seen["X-Orders-Key"], seen[alias]));
    }

    [Fact]
    public async Task Transforms_cannot_take_it_away()
    {
        await using var gateway = await CredentialedGateway.StartAsync("""
            "UpstreamCredentials": { "Static": { "Value": "config:Secrets:Key" } }, "Transforms": [ { "RequestHeaderRemove": "Authorization" }, { "RequestHeadersAllowed": [ "X-A" ] } ]
            """);
        Assert.Equal("k-1", (await gateway.SendAsync())["Authorization"]);
    }

    [Fact]
    public async Task Secret_in_a_file_may_change()
    {
        await File.WriteAllTextAsync(_file, "first\n");
        await using var gateway = await CredentialedGateway.StartAsync($$"""
            "UpstreamCredentials": { "Static": { "Value": "file:{{_file}}" } }
            """);
        Assert.Equal("first", (await gateway.SendAsync())["Authorization"]);
        await File.WriteAllTextAsync(_file, "second");
        var seen = "first";
        while (seen is "first")
        {
            gateway.Time.Advance(TimeSpan.FromSeconds(1));
            seen = (await gateway.SendAsync())["Authorization"];
        }

        Assert.Equal("second", seen);

        // One that is gone, or of no use, is not the end.
        File.Delete(_file);
        gateway.Time.Advance(TimeSpan.FromSeconds(2));
        await gateway.SendAsync();
        gateway.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("second", (await gateway.SendAsync())["Authorization"]);
    }

    [Fact]
    public async Task Secret_that_becomes_unfit_for_a_header_refuses_requests()
    {
        await File.WriteAllTextAsync(_file, "first");
        await using var gateway = await CredentialedGateway.StartAsync($$"""
            "UpstreamCredentials": { "Static": { "Value": "file:{{_file}}" } }
            """);
        await File.WriteAllTextAsync(_file, "a\r\nX-Evil: b");
        var status = 200;
        while (status == 200)
        {
            gateway.Time.Advance(TimeSpan.FromSeconds(1));
            status = (await gateway.SendAsync()).Status;
        }

        Assert.Equal(503, status);
    }

    [Fact]
    public async Task Mirror_does_not_get_it()
    {
        var mirrored = new TaskCompletionSource<IHeaderDictionary>();
        await using var mirror = await Hosting.Upstream.StartAsync(context =>
        {
            mirrored.TrySetResult(new HeaderDictionary(context.Request.Headers.ToDictionary(static field => field.Key, static field => field.Value)));
            return Task.CompletedTask;
        });
        await using var gateway = await CredentialedGateway.StartAsync(
            """
            "UpstreamCredentials": { "Static": { "Header": "X-Orders-Key", "Value": "config:Secrets:Key" } }, "Mirror": { "Cluster": "mirror", "Percent": 100 }
            """,
            build: builder => builder.Configuration.AddInMemoryCollection([new("Gateway:Clusters:mirror:Destinations:a:Address", mirror.Address.OriginalString)]));
        Assert.Equal("k-1", (await gateway.SendAsync())["X-Orders-Key"]);
        var copy = await mirrored.Task.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal("1", copy["X-Mirrored"]);
        Assert.False(copy.ContainsKey("X-Orders-Key"));
    }

    [Fact]
    public async Task Authorization_of_the_client_is_relayed()
    {
        await using var gateway = await CredentialedGateway.StartAsync("""
            "UpstreamCredentials": { "Relay": true }, "Transforms": [ { "RequestHeaderRemove": "Authorization" } ]
            """);
        Assert.Equal("Bearer of-the-client", (await gateway.SendAsync(("Authorization", "Bearer of-the-client")))["Authorization"]);
        Assert.Null((await gateway.SendAsync())["Authorization"]);
    }

    [Fact]
    public async Task Upgrade_carries_it()
    {
        await using var server = await TokenServer.StartAsync();
        string? got = null;
        await using var capturing = RawUpstream.Start(async (connection, _) =>
        {
            got = await connection.ReadHeadAsync();
            var key = Regex.Match(got, "(?i)sec-websocket-key: *(\\S+)").Groups[1].Value;
            await connection.SendAsync($"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {WebSocketScripts.AcceptOf(key)}\r\n\r\n");
            await connection.ReadToEndAsync();
        });
        await using var gateway = await TestHost.GatewayAsync(
            $$"""
            {
              "Clusters": { "up": { "Destinations": { "a": { "Address": "{{capturing.Address}}" } } } },
              "Routes": { "all": { "Match": { "Path": "/{**rest}" }, "Cluster": "up",
                "UpstreamCredentials": { "ClientCredentials": { "TokenEndpoint": "{{server.Endpoint}}", "ClientId": "gw", "ClientSecret": "env:PATH" } } } }
            }
            """);
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync(WebSocketScripts.Handshake("Authorization: Bearer of-the-client\r\n"));
        Assert.StartsWith("HTTP/1.1 101", await client.ReadHeadAsync());
        Assert.Contains("\r\nAuthorization: Bearer token-1\r\n", got, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("of-the-client", got, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Grpc_carries_it_and_is_refused_in_its_own_words()
    {
        await using var server = await TokenServer.StartAsync();
        await using var gateway = await CredentialedGateway.StartAsync(
            $$"""
            "UpstreamCredentials": { "ClientCredentials": { "TokenEndpoint": "{{server.Endpoint}}", "ClientId": "gw", "ClientSecret": "config:Secrets:Client" } }
            """,
            static context =>
            {
                context.Response.ContentType = "application/grpc";
                context.Response.Headers["x-got"] = context.Request.Headers.Authorization;
                context.Response.Headers["grpc-status"] = "0";
                return Task.CompletedTask;
            },
            cluster: """, "Http": { "Version": "2", "VersionPolicy": "RequestVersionExact" } """,
            protocols: HttpProtocols.Http2);
        Assert.Equal("Bearer token-1", (await CallAsync(gateway)).Headers.GetValues("x-got").Single());

        server.Answer = static (context, _) => TokenServer.SayAsync(context, 400, "");
        gateway.Time.Advance(TimeSpan.FromHours(2));
        Assert.Equal("14", (await CallAsync(gateway)).Headers.GetValues("grpc-status").Single());
    }

    [Theory]
    [InlineData("""{ "Static": { "Value": "env:GATEWAYKIT_ABSENT" } }""", "Routes:all:UpstreamCredentials: Static:Value is env:GATEWAYKIT_ABSENT. The environment variable GATEWAYKIT_ABSENT is not set, or is empty.")]
    [InlineData("""{ "Static": { "Value": "config:Secrets:Empty" } }""", "The host's configuration has no value at Secrets:Empty.")]
    [InlineData("""{ "Static": { "Value": "file:/nowhere/key" } }""", "There is no file /nowhere/key.")]
    [InlineData("""{ "Static": { "User": "a:b", "Password": "config:Secrets:Key" } }""", "User is empty, or has a colon")]
    [InlineData("""{ "Static": { "Header": "Connection", "Value": "config:Secrets:Key" } }""", "'Connection' is no header that can be set.")]
    [InlineData("""{ "ClientCredentials": { "TokenEndpoint": "http://idp.example.com/t", "ClientId": "gw", "ClientSecret": "config:Secrets:Key" } }""", "TokenEndpoint is http")]
    [InlineData("""{ "ClientCredentials": { "TokenEndpoint": "https://idp.example.com/t", "ClientId": "gw", "ClientSecret": "env:GATEWAYKIT_ABSENT" } }""", "ClientCredentials:ClientSecret is env:GATEWAYKIT_ABSENT.")]
    [InlineData("""{ "ClientCredentials": { "TokenEndpoint": "https://idp.example.com/t", "ClientId": "gw", "ClientSecret": "config:Secrets:Key", "ClientAuthentication": "PrivateKeyJwt" } }""", "is no private key in PEM")]
    [InlineData("""{ "ClientCredentials": { "TokenEndpoint": "https://idp.example.com/t", "ClientId": "gw", "ClientSecret": "config:Secrets:Key", "Scopes": [ "a b" ] } }""", "'a b' is no scope.")]
    [InlineData("""{ "Relay": true, "Static": { "Value": "config:Secrets:Key" } }""", "several ways to get a credential: Static and Relay")]
    [InlineData("""{ "EnforcePercent": 100 }""", "It says no way to get a credential.")]
    public async Task Wrong_settings_stop_the_start(string policy, string expected)
    {
        var exception = await Assert.ThrowsAsync<GatewayConfigurationException>(() => CredentialedGateway.StartAsync($"\"UpstreamCredentials\": {policy}"));
        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Secret_in_plain_text_stops_the_start_and_is_not_repeated()
    {
        var exception = await Assert.ThrowsAsync<GatewayConfigurationException>(() => CredentialedGateway.StartAsync("""
            "UpstreamCredentials": { "Static": { "Value": "hunter2-canary" } }
            """));
        Assert.Contains("Routes:all:UpstreamCredentials:Static:Value: Value is no reference to a secret", exception.Message, StringComparison.Ordinal);
        Assert.Contains("\"env:NAME\"", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2-canary", exception.ToString(), StringComparison.Ordinal);
    }

    private static async Task<HttpResponseMessage> CallAsync(CredentialedGateway gateway)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/service/method")
        {
            Version = new Version(2, 0),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(Encoding.ASCII.GetBytes("\0\0\0\0\0")),
        };
        request.Content.Headers.ContentType = new("application/grpc");
        return await gateway.Client.SendAsync(request);
    }
}
