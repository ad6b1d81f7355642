using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.FunctionalTests.Transforms;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;

namespace GatewayKit.FunctionalTests.Identity.TowardsDestinations;

public sealed class ClientCredentialsTests
{
    [Fact]
    public async Task Token_takes_the_place_of_what_the_client_sent()
    {
        await using var server = await TokenServer.StartAsync();
        await using var gateway = await CredentialedGateway.StartAsync(Policy(server));
        Assert.Equal("Bearer token-1", (await gateway.SendAsync(("Authorization", "Bearer of-the-client")))["Authorization"]);
        Assert.Equal("Bearer token-1", (await gateway.SendAsync())["Authorization"]);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Many_requests_at_once_fetch_one_token()
    {
        await using var server = await TokenServer.StartAsync();
        var given = new TaskCompletionSource();
        server.Answer = async (context, number) =>
        {
            await given.Task;
            await TokenServer.GiveAsync(context, $"token-{number}");
        };
        await using var gateway = await CredentialedGateway.StartAsync(Policy(server));
        var requests = Enumerable.Range(0, 50).Select(_ => gateway.SendAsync()).ToArray();
        await CredentialedGateway.UntilAsync(() => server.Requests.Count > 0);
        given.SetResult();
        Assert.All(await Task.WhenAll(requests), static seen => Assert.Equal("Bearer token-1", seen["Authorization"]));
        Assert.Single(server.Requests);
    }

    // RFC 6749 §2.3.1: a colon in the id or secret would otherwise be another id or secret.
    [Fact]
    public async Task Id_and_secret_are_form_encoded_in_the_header()
    {
        await using var server = await TokenServer.StartAsync();
        await using var gateway = await CredentialedGateway.StartAsync(Policy(server, """, "Scopes": [ "orders:read", "stock" ], "Audience": "orders", "Resource": "https://orders.example.com/" """));
        await gateway.SendAsync();
        var request = Assert.Single(server.Requests);
        Assert.Equal("g%3Aw+1:s3cr%3Aet+%2B%25", Encoding.ASCII.GetString(Convert.FromBase64String(request.Authorization.ToString()["Basic ".Length..])));
        Assert.Equal(
            [("audience", "orders"), ("grant_type", "client_credentials"), ("resource", "https://orders.example.com/"), ("scope", "orders:read stock")],
            request.Form.Select(static field => (field.Key, field.Value)).Order());
    }

    [Fact]
    public async Task Secret_can_go_in_the_form()
    {
        await using var server = await TokenServer.StartAsync();
        await using var gateway = await CredentialedGateway.StartAsync(Policy(server, """, "ClientAuthentication": "Post" """));
        await gateway.SendAsync();
        var request = Assert.Single(server.Requests);
        Assert.Equal(("g:w 1", "s3cr:et +%", 0), (request.Form["client_id"], request.Form["client_secret"], request.Authorization.Count));
    }

    [Theory]
    [InlineData("RS256")]
    [InlineData("ES256")]
    [InlineData("ES384")]
    public async Task Gateway_can_prove_itself_by_a_key(string algorithm)
    {
        using var rsa = RSA.Create(2_048);
        using var ecdsa = ECDsa.Create(algorithm is "ES384" ? ECCurve.NamedCurves.nistP384 : ECCurve.NamedCurves.nistP256);
        await using var server = await TokenServer.StartAsync();
        await using var gateway = await CredentialedGateway.StartAsync(
            Policy(server, """, "ClientAuthentication": "PrivateKeyJwt" """),
            build: builder => builder.Configuration.AddInMemoryCollection([new("Secrets:Client", algorithm is "RS256" ? rsa.ExportPkcs8PrivateKeyPem() : ecdsa.ExportPkcs8PrivateKeyPem())]));
        Assert.Equal("Bearer token-1", (await gateway.SendAsync())["Authorization"]);

        var form = Assert.Single(server.Requests).Form;
        Assert.Equal("urn:ietf:params:oauth:client-assertion-type:jwt-bearer", form["client_assertion_type"]);
        var parts = form["client_assertion"].Split('.');
        var (text, signature) = (Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2]));
        Assert.True(algorithm switch
        {
            "RS256" => rsa.VerifyData(text, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
            "ES256" => ecdsa.VerifyData(text, signature, HashAlgorithmName.SHA256),
            _ => ecdsa.VerifyData(text, signature, HashAlgorithmName.SHA384),
        });
        Assert.Equal(algorithm, JsonDocument.Parse(Base64Url.DecodeFromChars(parts[0])).RootElement.GetProperty("alg").GetString());
        var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1])).RootElement;
        Assert.Equal(("g:w 1", "g:w 1", server.Endpoint.OriginalString), (claims.GetProperty("iss").GetString(), claims.GetProperty("sub").GetString(), claims.GetProperty("aud").GetString()));
        Assert.Equal(60, claims.GetProperty("exp").GetInt64() - claims.GetProperty("iat").GetInt64());
    }

    [Fact]
    public async Task Token_is_renewed_beside_the_requests_and_not_used_when_it_is_void()
    {
        await using var server = await TokenServer.StartAsync();
        var given = new TaskCompletionSource();
        server.Answer = async (context, number) =>
        {
            await (number == 2 ? given.Task : Task.CompletedTask);
            await TokenServer.GiveAsync(context, $"token-{number}", ", \"expires_in\": 100");
        };
        await using var gateway = await CredentialedGateway.StartAsync(Policy(server));
        Assert.Equal("Bearer token-1", (await gateway.SendAsync())["Authorization"]);

        // Good for 100 s: renewed from 75 to 85 s on, not used from 90 s on.
        gateway.Time.Advance(TimeSpan.FromSeconds(74));
        Assert.Equal("Bearer token-1", (await gateway.SendAsync())["Authorization"]);
        Assert.Single(server.Requests);
        gateway.Time.Advance(TimeSpan.FromSeconds(12));
        Assert.Equal("Bearer token-1", (await gateway.SendAsync())["Authorization"]);
        await CredentialedGateway.UntilAsync(() => server.Requests.Count == 2);
        Assert.Equal("Bearer token-1", (await gateway.SendAsync())["Authorization"]);
        given.SetResult();
        string? seen = null;
        while (seen is not "Bearer token-2")
        {
            seen = (await gateway.SendAsync())["Authorization"];
        }

        gateway.Time.Advance(TimeSpan.FromSeconds(100));
        Assert.Equal("Bearer token-3", (await gateway.SendAsync())["Authorization"]);
        Assert.Equal(3, server.Requests.Count);
    }

    [Theory]
    [InlineData(500, "")]
    [InlineData(429, "")]
    [InlineData(400, """{ "error": "invalid_client" }""")]
    [InlineData(401, """{ "error": "invalid_client" }""")]
    [InlineData(302, "")]
    [InlineData(204, "")]
    [InlineData(200, "")]
    [InlineData(200, "<html>")]
    [InlineData(200, "[]")]
    [InlineData(200, """{ "access_token": "x" }""")]
    [InlineData(200, """{ "access_token": "x", "token_type": "mac" }""")]
    [InlineData(200, """{ "access_token": "", "token_type": "Bearer" }""")]
    [InlineData(200, """{ "access_token": 1, "token_type": "Bearer" }""")]
    [InlineData(200, """{ "access_token": "a b", "token_type": "Bearer" }""")]
    [InlineData(200, """{ "access_token": "a\r\nX: y", "token_type": "Bearer" }""")]
    [InlineData(200, """{ "access_token": "x", "token_type": "Bearer", "expires_in": 0 }""")]
    [InlineData(200, """{ "access_token": "x", "token_type": "Bearer", "expires_in": "soon" }""")]
    public async Task Without_a_token_nothing_is_sent_and_the_server_is_left_alone_for_a_while(int status, string body)
    {
        await using var server = await TokenServer.StartAsync();
        server.Answer = (context, _) =>
        {
            context.Response.Headers.Location = "/elsewhere";
            return status == 204 ? Task.FromResult(context.Response.StatusCode = 204) : TokenServer.SayAsync(context, status, body);
        };
        var reached = 0;
        await using var gateway = await CredentialedGateway.StartAsync(Policy(server), context =>
        {
            reached++;
            return Task.CompletedTask;
        });
        var failing = gateway.Client.GetAsync("/x");
        if (status is 500 or 429)
        {
            // A second try waits for a moment.
            await CredentialedGateway.UntilAsync(() => server.Requests.Count == 1);
            await CredentialedGateway.UntilAsync(() =>
            {
                gateway.Time.Advance(TimeSpan.FromMilliseconds(10));
                return failing.IsCompleted;
            });
        }

        using var answer = await failing;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        var problem = await answer.Content.ReadAsStringAsync();
        Assert.Contains("\"code\":\"auth-unavailable\"", problem, StringComparison.Ordinal);
        Assert.Contains("The gateway has no credential to show the destination.", problem, StringComparison.Ordinal);
        Assert.NotNull(answer.Headers.RetryAfter);
        var asked = server.Requests.Count;
        Assert.InRange(asked, 1, 2);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => gateway.SendAsync()));
        Assert.Equal((asked, 0), (server.Requests.Count, reached));
        Assert.DoesNotContain(server.Requests, static request => request.Path != "/token");
    }

    [Theory]
    [InlineData("Content-Length: 1073741824")]
    [InlineData("Connection: close")]
    public async Task Endless_answer_is_cut_short(string framing)
    {
        var written = 0;
        await using var server = RawUpstream.Start(async (connection, _) =>
        {
            await connection.ReadThroughAsync("grant_type=client_credentials");
            await connection.SendAsync($"HTTP/1.1 200 OK\r\n{framing}\r\n\r\n");
            var block = new string(' ', 16_384);
            while (written < 64 * 1_024 * 1_024)
            {
                await connection.SendAsync(block);
                written += block.Length;
            }
        });
        await using var gateway = await CredentialedGateway.StartAsync($$"""
            "UpstreamCredentials": { "ClientCredentials": { "TokenEndpoint": "{{server.Address}}token", "ClientId": "gw", "ClientSecret": "config:Secrets:Client" } }
            """);
        Assert.Equal(503, (await gateway.SendAsync()).Status);
        Assert.InRange(written, 0, 16 * 1_024 * 1_024);
    }

    [Fact]
    public async Task Slow_server_is_given_up_after_its_time()
    {
        await using var server = await TokenServer.StartAsync();
        server.Hang();
        await using var gateway = await CredentialedGateway.StartAsync(Policy(server, """, "Timeout": "00:00:02" """));
        var sending = gateway.SendAsync();
        await CredentialedGateway.UntilAsync(() => server.Requests.Count == 1);
        await gateway.PassUntilAsync(sending);

        Assert.Equal(503, (await sending).Status);
    }

    [Fact]
    public async Task Breaker_leaves_a_failing_server_alone_and_tries_it_again()
    {
        await using var server = await TokenServer.StartAsync();
        server.Answer = static (context, _) => TokenServer.SayAsync(context, 503, "");
        await using var gateway = await CredentialedGateway.StartAsync(Policy(server));

        // Pauses of one caller are longer than the breaker's: other settings for the same server.
        for (var i = 0; i < 4; i++)
        {
            var sending = gateway.SendAsync();
            await gateway.PassUntilAsync(sending);

            Assert.Equal(503, (await sending).Status);
            gateway.Time.Advance(TimeSpan.FromSeconds(1 << i));
        }

        server.Answer = static (context, number) => TokenServer.GiveAsync(context, "again");
        gateway.Time.Advance(TimeSpan.FromSeconds(40));
        Assert.Equal("Bearer again", (await gateway.SendAsync())["Authorization"]);
    }

    [Fact]
    public async Task Token_that_a_destination_does_not_take_is_replaced_and_the_request_sent_again()
    {
        await using var server = await TokenServer.StartAsync();
        var got = new List<string>();
        await using var gateway = await CredentialedGateway.StartAsync(Policy(server), context =>
        {
            got.Add(context.Request.Headers.Authorization.ToString());
            if (got.Count == 2)
            {
                context.Response.StatusCode = 401;
                return Task.CompletedTask;
            }

            return TransformedGateway.TellAsync(context);
        });
        await gateway.SendAsync();
        gateway.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal("Bearer token-2", (await gateway.SendAsync(HttpMethod.Delete))["Authorization"]);
        Assert.Equal(["Bearer token-1", "Bearer token-1", "Bearer token-2"], got);
    }

    [Fact]
    public async Task Request_whose_body_is_gone_is_not_sent_again_and_the_next_has_another_token()
    {
        await using var server = await TokenServer.StartAsync();
        var got = new List<string>();
        await using var gateway = await CredentialedGateway.StartAsync(Policy(server), async context =>
        {
            got.Add(context.Request.Headers.Authorization.ToString());
            await context.Request.Body.CopyToAsync(Stream.Null);
            context.Response.StatusCode = got.Count == 2 ? 401 : 200;
            await context.Response.WriteAsync("{}");
        });
        await gateway.SendAsync();
        gateway.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(401, (await gateway.SendAsync(HttpMethod.Post, new StringContent("body"))).Status);
        await gateway.SendAsync();
        Assert.Equal(["Bearer token-1", "Bearer token-1", "Bearer token-2"], got);
    }

    [Fact]
    public async Task Request_whose_body_is_kept_for_retries_is_sent_again()
    {
        await using var server = await TokenServer.StartAsync();
        var bodies = new List<string>();
        await using var gateway = await CredentialedGateway.StartAsync(
            Policy(server),
            async context =>
            {
                bodies.Add(await new StreamReader(context.Request.Body).ReadToEndAsync());
                context.Response.StatusCode = bodies.Count == 2 ? 401 : 200;
                await context.Response.WriteAsync("{}");
            },
            cluster: """, "Retry": { "MaxRetries": 1, "ReplayBufferBytes": 1024 } """);
        await gateway.SendAsync();
        gateway.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(200, (await gateway.SendAsync(HttpMethod.Put, new StringContent("body"))).Status);
        Assert.Equal(["", "body", "body"], bodies);
    }

    // Else the gateway would ask the server once for each request.
    [Fact]
    public async Task Destination_that_takes_no_token_does_not_make_the_gateway_fetch_one_a_request()
    {
        await using var server = await TokenServer.StartAsync();
        await using var gateway = await CredentialedGateway.StartAsync(Policy(server), static context =>
        {
            context.Response.StatusCode = 401;
            return Task.CompletedTask;
        });
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(401, (await gateway.SendAsync()).Status);
        }

        Assert.Single(server.Requests);
        gateway.Time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(401, (await gateway.SendAsync()).Status);
        Assert.Equal(401, (await gateway.SendAsync()).Status);
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task Client_that_goes_away_takes_the_token_from_nobody()
    {
        await using var server = await TokenServer.StartAsync();
        var given = new TaskCompletionSource();
        server.Answer = async (context, number) =>
        {
            await given.Task;
            await TokenServer.GiveAsync(context, $"token-{number}");
        };
        await using var gateway = await CredentialedGateway.StartAsync(Policy(server));
        using var leaving = new CancellationTokenSource();
        var first = gateway.Client.GetAsync("/x", leaving.Token);
        await CredentialedGateway.UntilAsync(() => server.Requests.Count == 1);
        var second = gateway.SendAsync();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        given.SetResult();
        Assert.Equal("Bearer token-1", (await second)["Authorization"]);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Deadline_of_the_request_counts_while_a_token_is_fetched()
    {
        await using var server = await TokenServer.StartAsync();
        server.Hang();
        await using var gateway = await CredentialedGateway.StartAsync($"{Policy(server)}, \"Timeout\": {{ \"Total\": \"00:00:01\" }}");
        var sending = gateway.SendAsync();
        await CredentialedGateway.UntilAsync(() => server.Requests.Count == 1);
        await gateway.PassUntilAsync(sending);

        Assert.Equal(504, (await sending).Status);
    }

    private static string Policy(TokenServer server, string more = "") =>
        $$"""
        "UpstreamCredentials": { "ClientCredentials": { "TokenEndpoint": "{{server.Endpoint}}", "ClientId": "g:w 1", "ClientSecret": "config:Secrets:Client" {{more}} } }
        """;
}
