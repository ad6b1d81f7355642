using System.Text;
using GatewayKit.FunctionalTests.Identity.ExternalAuthorization;
using GatewayKit.FunctionalTests.Transforms;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GatewayKit.FunctionalTests.Identity.TowardsDestinations;

/// <summary>Every secret is unmistakable, everything that can be written is written, and no secret is in it.</summary>
public sealed class CanaryTests : IDisposable
{
    private const string Mark = "CANARY";

    private readonly EverythingWritten _written = new();
    private readonly string _file = Path.GetTempFileName();

    public void Dispose()
    {
        _written.Dispose();
        File.Delete(_file);
    }

    [Theory]
    [InlineData("ClientCredentials", "Basic")]
    [InlineData("ClientCredentials", "Post")]
    [InlineData("TokenExchange", "Basic")]
    [InlineData("TokenExchange", "Post")]
    [InlineData("Static", "")]
    [InlineData("Relay", "")]
    [InlineData("Introspection", "Basic")]
    [InlineData("Introspection", "Post")]
    public async Task No_secret_is_written_anywhere(string way, string authentication)
    {
        await File.WriteAllTextAsync(_file, $"{Mark}-file-secret");
        await using var server = await TokenServer.StartAsync();
        var canaries = new[] { $"{Mark}-client-secret", $"{Mark}-file-secret", $"{Mark}-signing-key", $"{Mark}-caller-token", $"{Mark}-fetched-token", $"{Mark}-error-description" };
        var grant = $$"""{ "TokenEndpoint": "{{server.Endpoint}}", "ClientId": "gw", "ClientSecret": "config:Secrets:Client", "ClientAuthentication": "{{authentication}}", "Timeout": "00:00:01" }""";
        var setting = way switch
        {
            "Static" => $$"""{ "Header": "X-Key", "Value": "file:{{_file}}" }""",
            "Relay" => "true",
            _ => grant,
        };
        var answers = 0;
        await using var gateway = await CredentialedGateway.StartAsync(
            way is "Introspection" ? $$"""
            "Introspection": { "Name": "partners", "Endpoint": "{{server.Endpoint}}", "ClientId": "gw", "ClientSecret": "config:Secrets:Client", "ClientAuthentication": "{{authentication}}", "Audiences": [ "orders" ],
              "CacheFor": "00:00:05", "Timeout": "00:00:01" }
            """ : $$"""
            "UpstreamCredentials": { "{{way}}": {{setting}}, "Sign": { "Key": "config:Secrets:Key", "KeyId": "k1" } }, "IdentityHeaders": {}
            """,
            context =>
            {
                answers++;
                switch (answers % 4)
                {
                    case 1:
                        context.Response.StatusCode = 401;
                        return Task.CompletedTask;
                    case 2:
                        context.Abort();
                        return Task.CompletedTask;
                    default:
                        return TransformedGateway.TellAsync(context);
                }
            },
            builder =>
            {
                builder.Configuration.AddInMemoryCollection([new("Secrets:Client", canaries[0]), new("Secrets:Key", $"{canaries[2]}-of-more-than-32-bytes-in-all")]);
                builder.Logging.SetMinimumLevel(LogLevel.Trace);
                builder.Services.AddSingleton<ILoggerProvider>(_written);
            });

        // Good answers, and every kind of bad one; clients get what is refused, and what the destination tells is not looked at.
        foreach (var (status, body) in ((int, string)[])
        [
            (200, $$"""{ "access_token": "{{canaries[4]}}", "token_type": "Bearer", "expires_in": 100 }"""),
            (200, $$"""{ "active": true, "client_id": "acme", "aud": "orders", "email": "{{canaries[5]}}" }"""),
            (200, $$"""{ "active": true, "client_id": "acme", "aud": "{{canaries[5]}}" }"""),
            (500, canaries[5]),
            (400, $$"""{ "error": "invalid_request", "error_description": "{{canaries[5]}}" }"""),
            (401, $$"""{ "error": "{{canaries[5]}}" }"""),
            (200, $$"""{ "access_token": "{{canaries[4]}}", "token_type": "{{canaries[5]}}" }"""),
            (200, $$"""{ "access_token": "{{canaries[4]}} x", "token_type": "Bearer" """),
            (302, canaries[5]),
            (200, new string('x', 70_000) + canaries[5]),
        ])
        {
            server.Answer = (context, _) => TokenServer.SayAsync(context, status, body);
            for (var i = 0; i < 4; i++)
            {
                gateway.Time.Advance(TimeSpan.FromSeconds(100));
                var sending = gateway.SendAsync(i == 3 ? HttpMethod.Post : HttpMethod.Get, i == 3 ? new StringContent("x") : null, ("Authorization", $"Bearer {canaries[3]}-{status}"));
                await gateway.PassUntilAsync(sending);
                if ((await sending).Status != 200)
                {
                    _written.Add((await sending)["body"] ?? string.Empty);
                }
            }
        }

        server.Hang();
        gateway.Time.Advance(TimeSpan.FromSeconds(200));
        var late = gateway.SendAsync(("Authorization", $"Bearer {canaries[3]}-late"));
        await gateway.PassUntilAsync(late);
        _written.Add((await late)["body"] ?? string.Empty);

        var all = _written.ToText(gateway.App.Services);
        Assert.Contains(way is "Introspection" ? way : "UpstreamCredentials", all, StringComparison.Ordinal);
        Assert.Contains("Microsoft.AspNetCore.Server.Kestrel", all, StringComparison.Ordinal);
        Assert.Contains("gatewaykit.forward", all, StringComparison.Ordinal);
        Assert.Contains("\"code\":", all, StringComparison.Ordinal);
        Assert.Contains(way is "Introspection" ? "config:Secrets:Client" : "config:Secrets:Key", all, StringComparison.Ordinal);
        AssertNone(canaries, all);
    }

    [Fact]
    public async Task No_credential_that_a_service_is_asked_about_is_written_anywhere()
    {
        var canaries = new[] { $"{Mark}-caller-token", $"{Mark}-cookie", $"{Mark}-key", $"{Mark}-body", $"{Mark}-service-words", $"{Mark}-service-field", $"{Mark}-internal-token" };
        await using var gateway = await AuthorizedGateway.StartAsync(
            static policy => policy with { Method = "POST", MaxBodyBytes = 100, RequestHeaders = ["Authorization", "Cookie", "X-Key"], DestinationHeaders = ["X-Token"], ClientHeaders = ["X-Why"], CacheFor = TimeSpan.FromSeconds(10) },
            builder =>
            {
                builder.Services.AddLogging(static logging => logging.SetMinimumLevel(LogLevel.Trace));
                builder.Services.AddSingleton<ILoggerProvider>(_written);
            });
        foreach (var status in (int[])[200, 401, 403, 302, 404, 500, 503, 0])
        {
            gateway.Service.Answer = async (context, _) =>
            {
                if (status == 0)
                {
                    context.Abort();
                    return;
                }

                await AskedService.SayAsync(context, status, ("X-Token", canaries[6]), ("X-Internal", canaries[5]), ("Location", $"/{canaries[5]}"));
                await context.Response.WriteAsync(canaries[4]);
            };
            foreach (var path in (string[])[$"/route/{status}", $"/own/{status}"])
            {
                foreach (var content in (HttpContent?[])[null, new StringContent(canaries[3])])
                {
                    var answer = await gateway.SendAsync(HttpMethod.Post, path, content, ("Authorization", $"Bearer {canaries[0]}"), ("Cookie", $"session={canaries[1]}"), ("X-Key", canaries[2]));
                    Assert.Equal(status == 200 ? 200 : status is 401 or 403 ? status : 503, answer.Status);
                    _written.Add(string.Join(' ', answer.Fields) + answer.Body);
                }
            }
        }

        var all = _written.ToText(gateway.App.Services);
        Assert.Contains("ExternalAuthorization", all, StringComparison.Ordinal);
        Assert.Contains("gatewaykit.external_authorization.duration", all, StringComparison.Ordinal);
        Assert.Contains("did not decide", all, StringComparison.Ordinal);
        AssertNone(canaries, all);
    }

    private static void AssertNone(string[] canaries, string all)
    {
        foreach (var canary in canaries)
        {
            Assert.DoesNotContain(canary, all, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain(Convert.ToBase64String(Encoding.ASCII.GetBytes(canary))[..12], all, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(Mark, all, StringComparison.Ordinal);
    }
}
