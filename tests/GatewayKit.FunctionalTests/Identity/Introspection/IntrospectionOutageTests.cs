using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.FunctionalTests.Identity.TowardsDestinations;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace GatewayKit.FunctionalTests.Identity.Introspection;

/// <summary>A server that cannot be asked lets nobody in, and the log says what to do about it.</summary>
public sealed class IntrospectionOutageTests
{
    private const int Failed = 1930, Recovered = 1931;

    private const string Good = """{ "active": true, "client_id": "acme", "aud": "orders" }""";

    public static TheoryData<string, int, string, string, string> BadAnswers() => new()
    {
        { "server-error", 500, "{}", "application/json", "server's own log" },
        { "server-error", 503, Good, "application/json", "server's own log" },
        { "server-error", 429, "{}", "application/json", "server's own log" },
        { "server-error", 408, "{}", "application/json", "server's own log" },
        { "refused", 400, """{ "error": "invalid_request" }""", "application/json", "ClientSecret" },
        { "refused", 401, """{ "error": "invalid_client" }""", "application/json", "ClientSecret" },
        { "refused", 403, Good, "application/json", "ClientSecret" },
        { "refused", 404, Good, "application/json", "check Endpoint" },
        { "malformed", 201, Good, "application/json", "RFC 7662" },
        { "malformed", 204, "", "application/json", "RFC 7662" },
        { "malformed", 302, Good, "application/json", "RFC 7662" },
        { "malformed", 307, Good, "application/json", "RFC 7662" },
        { "malformed", 200, "", "application/json", "RFC 7662" },
        { "malformed", 200, "true", "application/json", "RFC 7662" },
        { "malformed", 200, "{}", "application/json", "RFC 7662" },
        { "malformed", 200, "[]", "application/json", "RFC 7662" },
        { "malformed", 200, Good + "x", "application/json", "RFC 7662" },
        { "malformed", 200, Good[..^1], "application/json", "RFC 7662" },
        { "malformed", 200, Good, "text/html", "RFC 7662" },
        { "malformed", 200, Good, "application/token-introspection+jwt", "RFC 7662" },
        { "malformed", 200, Good.Replace("true", "\"true\"", StringComparison.Ordinal), "application/json", "RFC 7662" },
        { "malformed", 200, Good.Replace("true", "1", StringComparison.Ordinal), "application/json", "RFC 7662" },
        { "malformed", 200, Good.Replace("}", ", \"active\": true }", StringComparison.Ordinal), "application/json", "RFC 7662" },
        { "malformed", 200, Good.Replace("}", ", \"exp\": \"9999999999\" }", StringComparison.Ordinal), "application/json", "RFC 7662" },
        { "too-large", 200, Good + new string(' ', 70_000), "application/json", "64 KiB" },
    };

    [Theory]
    [MemberData(nameof(BadAnswers))]
    public async Task Answer_that_is_none_lets_nobody_in(string cause, int status, string body, string type, string remedy)
    {
        using var log = new LogRecorder();
        await using var server = await IntrospectionServer.StartAsync();
        await using var gateway = await StartAsync(server, log);
        server.Answer = context => status is 204 ? SayNothingAsync(context) : IntrospectionServer.SayAsync(context, status, body, type);
        Assert.Equal(503, await AskAsync(gateway, "s3cret-token"));
        var entry = Assert.Single(log.Take(Failed));
        Assert.Equal(LogLevel.Error, entry.Level);
        Assert.Contains($": {cause}. ", entry.Message, StringComparison.Ordinal);
        Assert.Contains(remedy, entry.Message, StringComparison.Ordinal);
        Assert.Contains("partners", entry.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret-token", entry.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cr:et", entry.Message, StringComparison.Ordinal);

        server.Answer = null;
        server.Issue("s3cret-token", "acme");
        gateway.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(200, await AskAsync(gateway, "s3cret-token"));
        Assert.Single(log.Take(Recovered));
    }

    [Fact]
    public async Task Answer_without_an_end_is_given_up()
    {
        await using var server = await IntrospectionServer.StartAsync();
        await using var gateway = await StartAsync(server);
        server.Answer = static async context =>
        {
            context.Response.ContentType = "application/json";
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.WriteAsync(new string(' ', 1_000));
            }
        };
        Assert.Equal(503, await AskAsync(gateway, "token"));
    }

    [Fact]
    public async Task Slow_server_takes_no_longer_than_it_may()
    {
        await using var server = await IntrospectionServer.StartAsync();
        await using var gateway = await StartAsync(server, more: """, "Timeout": "00:00:02" """);
        server.Hang();
        var began = gateway.Time.GetUtcNow();
        Assert.Equal(503, await AskAsync(gateway, "token"));
        Assert.InRange(gateway.Time.GetUtcNow() - began, TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(4));
    }

    [Fact]
    public async Task Server_that_is_not_there_is_left_alone_after_some_tries_and_found_when_it_is_back()
    {
        using var log = new LogRecorder();
        await using var server = await IntrospectionServer.StartAsync();
        server.Issue("kept", "acme");
        server.Issue("new", "acme");
        await using var gateway = await StartAsync(server, log);
        Assert.Equal(200, await AskAsync(gateway, "kept"));
        server.Answer = static context =>
        {
            context.Abort();
            return Task.CompletedTask;
        };
        for (var i = 0; i < 20; i++)
        {
            // Slowly, or a busy machine lets the time of the open circuit pass meanwhile.
            Assert.Equal(503, await AskAsync(gateway, $"token-{i}", step: TimeSpan.FromMilliseconds(5)));
        }

        // Two tries for each question until the circuit is open, and none from then on; what is known counts.
        Assert.InRange(server.Requests.Count, 5, 25);
        var before = server.Requests.Count;
        Assert.Equal(503, await AskAsync(gateway, "new", passes: false));
        Assert.Equal(200, await AskAsync(gateway, "kept", passes: false));
        Assert.Equal(before, server.Requests.Count);
        Assert.Single(log.Take(Failed));

        server.Answer = null;
        gateway.Time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(200, await AskAsync(gateway, "new"));
        Assert.Single(log.Take(Recovered));
    }

    // Whoever has such a token would otherwise close the gateway to all others.
    [Theory]
    [InlineData(500)]
    [InlineData(403)]
    [InlineData(400)]
    [InlineData(429)]
    public async Task Token_that_the_server_stumbles_over_takes_nothing_from_others(int status)
    {
        await using var server = await IntrospectionServer.StartAsync();
        await using var gateway = await StartAsync(server);
        server.Issue("good", "acme");
        server.Answer = async context =>
        {
            var token = (await context.Request.ReadFormAsync())["token"].ToString();
            await IntrospectionServer.SayAsync(context, token is "good" ? 200 : status, token is "good" ? Good : "{}");
        };
        for (var i = 0; i < 12; i++)
        {
            Assert.Equal(503, await AskAsync(gateway, "bad"));
        }

        Assert.Equal(200, await AskAsync(gateway, "good"));
    }

    [Fact]
    public async Task Failure_that_passes_is_not_seen()
    {
        await using var server = await IntrospectionServer.StartAsync();
        await using var gateway = await StartAsync(server);
        server.Answer = context => IntrospectionServer.SayAsync(context, server.Requests.Count == 1 ? 503 : 200, Good);
        Assert.Equal(200, await AskAsync(gateway, "token"));
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task Client_that_goes_away_takes_nothing_from_others()
    {
        await using var server = await IntrospectionServer.StartAsync();
        await using var gateway = await StartAsync(server);
        var (asked, answer) = (new TaskCompletionSource(), new TaskCompletionSource());
        server.Answer = async context =>
        {
            asked.SetResult();
            await answer.Task;
            await IntrospectionServer.SayAsync(context, 200, Good);
        };
        using var gone = new CancellationTokenSource();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/x") { Headers = { Authorization = new("Bearer", "token") } };
        var leaving = gateway.Client.SendAsync(request, gone.Token);
        await asked.Task;
        var staying = AskAsync(gateway, "token", passes: false);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        answer.SetResult();
        Assert.Equal(200, await staying);
        Assert.Single(server.Requests);
    }

    [Theory]
    [InlineData("\"ClientSecret\": \"config:Secrets:Missing\"", "Secrets:Missing")]
    [InlineData("\"ClientSecret\": \"config:Secrets:Empty\"", "Secrets:Empty")]
    [InlineData("\"ClientSecret\": \"config:Secrets:Client\", \"ClientAuthentication\": \"PrivateKeyJwt\"", "no private key")]
    [InlineData("\"ClientSecret\": \"s3cret-in-plain-text\"", "no reference to a secret")]
    public async Task Host_does_not_start_without_a_secret_that_is_of_use(string settings, string message)
    {
        var exception = await Assert.ThrowsAnyAsync<Exception>(() => CredentialedGateway.StartAsync(
            $$""" "Introspection": { "Name": "p", "Endpoint": "https://login.example.com/", "ClientId": "g", "Audiences": [ "orders" ], {{settings}} } """));
        Assert.Contains(message, exception.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret-in-plain-text", exception.ToString(), StringComparison.Ordinal);
    }

    private static Task SayNothingAsync(HttpContext context)
    {
        context.Response.StatusCode = 204;
        return Task.CompletedTask;
    }

    private static Task<CredentialedGateway> StartAsync(IntrospectionServer server, LogRecorder? log = null, string more = "") => CredentialedGateway.StartAsync(
        server.Policy(more), build: builder => builder.Logging.SetMinimumLevel(LogLevel.Information).AddProvider(log ?? new LogRecorder()));

    private static async Task<int> AskAsync(CredentialedGateway gateway, string token, bool passes = true, TimeSpan? step = null)
    {
        var asking = gateway.SendAsync(("Authorization", $"Bearer {token}"));
        if (passes)
        {
            await gateway.PassUntilAsync(asking, step);
        }

        return (await asking).Status;
    }
}
