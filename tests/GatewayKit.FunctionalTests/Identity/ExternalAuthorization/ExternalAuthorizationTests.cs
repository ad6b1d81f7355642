using System.Diagnostics;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Identity.ExternalAuthorization;

/// <summary>What a service is told of requests, and what its answers do.</summary>
public sealed class ExternalAuthorizationTests
{
    [Theory]
    [InlineData("/route/orders?page=1")]
    [InlineData("/own/orders?page=1")]
    public async Task Service_is_told_of_the_request_and_its_yes_lets_it_through(string path)
    {
        await using var gateway = await AuthorizedGateway.StartAsync();
        var answer = await gateway.SendAsync(HttpMethod.Put, path, new StringContent("body"), ("Authorization", "Bearer t"), ("Cookie", "a=1"), ("Accept", "text/html"), ("X-Other", "x"));
        Assert.Equal((200, "served"), (answer.Status, answer.Body));

        var question = Assert.Single(gateway.Service.Questions);
        Assert.Equal(("GET", "/check"), (question.Method, question.Target));
        Assert.Equal(("PUT", path, "http", gateway.Address.Authority, "127.0.0.1"), (question["X-Forwarded-Method"], question["X-Forwarded-Uri"], question["X-Forwarded-Proto"], question["X-Forwarded-Host"], question["X-Forwarded-For"]));
        Assert.Equal(("Bearer t", "a=1"), (question["Authorization"], question["Cookie"]));
        Assert.Equal((null, null), (question["Accept"], question["X-Other"]));
        Assert.Empty(question.Body);
        Assert.Equal("body"u8.ToArray(), gateway.Last.Body);
        Assert.Null(gateway.Last["X-GW-External-Authorization"]);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(201)]
    [InlineData(204)]
    [InlineData(299)]
    public async Task Every_2xx_allows(int status)
    {
        await using var gateway = await AuthorizedGateway.StartAsync();
        gateway.Service.Say(status);
        Assert.Equal(200, (await gateway.AskAsync("/route/x")).Status);
    }

    [Theory]
    [InlineData(300)]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(304)]
    [InlineData(400)]
    [InlineData(402)]
    [InlineData(404)]
    [InlineData(407)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(508)]
    public async Task Every_other_status_is_no_decision(int status)
    {
        await using var gateway = await AuthorizedGateway.StartAsync();
        gateway.Service.Say(status, ("Location", "https://login.example.com/"), ("WWW-Authenticate", "Bearer"), ("Set-Cookie", "a=1"));
        foreach (var path in (string[])["/route/x", "/own/x"])
        {
            var answer = await gateway.AskAsync(path);
            Assert.Equal((503, "auth-unavailable", "1"), (answer.Status, answer.Code, answer["Retry-After"]));
            Assert.Equal((null, null, null), (answer["Location"], answer["WWW-Authenticate"], answer["Set-Cookie"]));
        }

        Assert.Empty(gateway.Served);
    }

    [Theory]
    [InlineData(401, "unauthenticated")]
    [InlineData(403, "forbidden")]
    public async Task Refusal_is_the_gateways_own_problem_with_the_challenge_and_listed_fields_of_the_service(int status, string code)
    {
        await using var gateway = await AuthorizedGateway.StartAsync(static policy => policy with { ClientHeaders = ["X-Why", "Set-Cookie"] });
        gateway.Service.Answer = async (context, _) =>
        {
            await AskedService.SayAsync(context, status, ("WWW-Authenticate", "Bearer realm=\"a\""), ("WWW-Authenticate", "Basic"), ("X-Why", "expired"), ("X-Internal", "host-1"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"));
            await context.Response.WriteAsync("words of the service");
        };
        foreach (var path in (string[])["/route/x", "/own/x"])
        {
            var answer = await gateway.AskAsync(path);
            Assert.Equal((status, code), (answer.Status, answer.Code));
            Assert.Equal(("Bearer realm=\"a\" | Basic", "expired", "a=1 | b=2", "no-store", null), (answer["WWW-Authenticate"], answer["X-Why"], answer["Set-Cookie"], answer["Cache-Control"], answer["X-Internal"]));
            Assert.DoesNotContain("words", answer.Body, StringComparison.Ordinal);
        }

        Assert.Empty(gateway.Served);
    }

    [Fact]
    public async Task A_401_without_a_challenge_gets_one()
    {
        await using var gateway = await AuthorizedGateway.StartAsync();
        gateway.Service.Say(401);
        Assert.StartsWith("External realm=", (await gateway.AskAsync("/route/x"))["WWW-Authenticate"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/route/x")]
    [InlineData("/own/x")]
    public async Task Listed_fields_of_the_answer_take_the_place_of_the_clients(string path)
    {
        await using var gateway = await AuthorizedGateway.StartAsync(static policy => policy with { DestinationHeaders = ["X-Auth-User", "X-Auth-Groups", "Authorization"] });
        gateway.Service.Say(200, ("X-Auth-User", "alice"), ("Authorization", "Bearer internal"), ("X-Other", "no"));
        Assert.Equal(200, (await gateway.AskAsync(path, ("X-Auth-User", "mallory"), ("x-auth-groups", "admins"), ("X.Auth.Groups", "admins"), ("Authorization", "Bearer client"), ("X-Kept", "1"))).Status);
        Assert.Equal(("alice", null, "Bearer internal", null, "1"), (gateway.Last["X-Auth-User"], gateway.Last["X-Auth-Groups"], gateway.Last["Authorization"], gateway.Last["X-Other"], gateway.Last["X-Kept"]));
        Assert.DoesNotContain(gateway.Last.Fields.Keys, static name => name.Contains('.', StringComparison.Ordinal));
        Assert.Equal("Bearer client", gateway.Service.Last["Authorization"]);
    }

    [Theory]
    [InlineData("X_Auth_User")]
    [InlineData("x-auth_user")]
    [InlineData("X.Auth-User")]
    public async Task No_spelling_of_a_listed_field_gets_through(string name)
    {
        await using var gateway = await AuthorizedGateway.StartAsync(static policy => policy with { DestinationHeaders = ["X-Auth-User"] });
        foreach (var path in (string[])["/route/x", "/own/x"])
        {
            Assert.Equal(200, (await gateway.AskAsync(path, (name, "mallory"))).Status);
            Assert.DoesNotContain("mallory", gateway.Last.Fields.Values);
        }
    }

    [Theory]
    [InlineData("/route/x")]
    [InlineData("/own/x")]
    public async Task Client_gets_listed_fields_of_an_answer_that_allows(string path)
    {
        await using var gateway = await AuthorizedGateway.StartAsync(static policy => policy with { ClientHeaders = ["Set-Cookie", "X-Session"] });
        gateway.Service.Say(200, ("Set-Cookie", "session=2"), ("X-Session", "renewed"), ("X-Internal", "no"));
        gateway.Answering = static context =>
        {
            context.Response.Headers.SetCookie = "own=1";
            context.Response.Headers["X-Session"] = "of the destination";
        };
        var answer = await gateway.AskAsync(path);
        Assert.Equal((200, "own=1 | session=2", "renewed", null), (answer.Status, answer["Set-Cookie"], answer["X-Session"], answer["X-Internal"]));
    }

    [Theory]
    [InlineData("X-Forwarded-Method", "DELETE")]
    [InlineData("X-Forwarded-Uri", "/public")]
    [InlineData("X-Forwarded-Host", "admin.example.com")]
    [InlineData("X-Forwarded-Proto", "https")]
    [InlineData("X-Forwarded-For", "10.0.0.1")]
    [InlineData("X-Forwarded-Prefix", "/p")]
    [InlineData("X-Original-URL", "/public")]
    [InlineData("Forwarded", "for=10.0.0.1")]
    public async Task What_a_client_says_in_a_proxys_place_reaches_nobody(string name, string value)
    {
        await using var gateway = await AuthorizedGateway.StartAsync();
        Assert.Equal(200, (await gateway.AskAsync("/route/x", (name, value))).Status);
        Assert.DoesNotContain(value, gateway.Service.Last.Fields.Values);
        Assert.DoesNotContain(value, gateway.Last.Fields.Values);
    }

    [Fact]
    public async Task Of_a_trusted_proxy_the_first_that_may_be_believed_counts()
    {
        await using var gateway = await AuthorizedGateway.StartAsync(services: static builder => builder.Services.Configure<GatewayOptions>(static options => options.TrustedProxies = [System.Net.IPNetwork.Parse("127.0.0.0/8")]));
        Assert.Equal(200, (await gateway.AskAsync("/route/x", ("X-Forwarded-For", "1.1.1.1, 198.51.100.7"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "shop.example.com"))).Status);
        Assert.Equal(("198.51.100.7", "https", "shop.example.com"), (gateway.Service.Last["X-Forwarded-For"], gateway.Service.Last["X-Forwarded-Proto"], gateway.Service.Last["X-Forwarded-Host"]));
    }

    [Fact]
    public async Task Service_is_told_the_trace_and_no_baggage_of_a_client()
    {
        // Whoever records traces makes the server's activity carry what came with the request.
        using var listener = new ActivityListener { ShouldListenTo = static source => source.Name is "Microsoft.AspNetCore", Sample = static (ref _) => ActivitySamplingResult.AllDataAndRecorded };
        ActivitySource.AddActivityListener(listener);
        await using var gateway = await AuthorizedGateway.StartAsync();
        const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        Assert.Equal(200, (await gateway.AskAsync("/route/x", ("traceparent", $"00-{Trace}-00f067aa0ba902b7-01"), ("tracestate", "client=1"), ("baggage", "role=admin"), ("Correlation-Context", "role=admin"))).Status);
        Assert.Contains(Trace, gateway.Service.Last["traceparent"], StringComparison.Ordinal);
        Assert.DoesNotContain(gateway.Service.Last.Fields, static field => field.Value.Contains("admin", StringComparison.Ordinal) || field.Value.Contains("client=1", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/route/a/../b", "/route/b")]
    [InlineData("/route/%41", "/route/A")]
    [InlineData("/route/x?token=1", "/route/x")]
    public async Task Path_is_the_one_that_is_matched_and_forwarded(string target, string told)
    {
        await using var gateway = await AuthorizedGateway.StartAsync(static policy => policy with { SendQuery = false });
        using var client = await GatewayKit.FunctionalTests.Hosting.RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync($"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Contains(" 200 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.Equal(told, gateway.Service.Last["X-Forwarded-Uri"]);
    }

    [Theory]
    [InlineData("GET /route/a%2f..%2fb HTTP/1.1\r\nHost: a\r\n\r\n", 400)]
    [InlineData("GET /route/x HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n", 400)]
    [InlineData("GET /own/x HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer a, Bearer b\r\n\r\n", 400)]
    [InlineData("GET /own/x HTTP/1.1\r\nHost: a\r\nCookie: a=\u0001\r\n\r\n", 400)]
    [InlineData("GET /own/x HTTP/1.1\r\nHost: a,b\r\n\r\n", 400)]
    public async Task What_can_be_read_in_two_ways_is_refused_unasked(string request, int status)
    {
        await using var gateway = await AuthorizedGateway.StartAsync();
        using var client = await GatewayKit.FunctionalTests.Hosting.RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync(request);
        Assert.Contains($" {status} ", await client.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.Empty(gateway.Service.Questions);
        Assert.Empty(gateway.Served);
    }

    [Fact]
    public async Task Field_that_Connection_names_is_not_shown_and_text_beyond_ASCII_is_no_failure()
    {
        await using var gateway = await AuthorizedGateway.StartAsync(static policy => policy with { RequestHeaders = ["X-Session", "X-Name"] });
        using var client = await GatewayKit.FunctionalTests.Hosting.RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync("GET /route/x HTTP/1.1\r\nHost: a\r\nConnection: X-Session\r\nX-Session: secret\r\nX-Name: J\u00c3\u00bcrgen\r\n\r\n");
        Assert.Contains(" 200 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.Equal((null, "Jürgen"), (gateway.Service.Last["X-Session"], gateway.Service.Last["X-Name"]));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(3_000_000)]
    public async Task Shown_body_is_still_whole_for_whoever_reads_it_next(int length)
    {
        var body = new byte[length];
        Random.Shared.NextBytes(body);
        await using var gateway = await AuthorizedGateway.StartAsync(static policy => policy with { Method = "POST", MaxBodyBytes = 3_000_000 });
        foreach (var path in (string[])["/route/x", "/own/x"])
        {
            var content = new ByteArrayContent(body) { Headers = { ContentType = new("application/x-test") } };
            Assert.Equal(200, (await gateway.SendAsync(HttpMethod.Post, path, content)).Status);
            Assert.Equal("POST", gateway.Service.Last.Method);
            Assert.Equal(body, gateway.Service.Last.Body);
            Assert.Equal(body, gateway.Last.Body);
            Assert.Equal(length == 0 ? null : "application/x-test", gateway.Service.Last["Content-Type"]);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Body_over_the_cap_is_refused_unasked(bool isChunked)
    {
        await using var gateway = await AuthorizedGateway.StartAsync(static policy => policy with { Method = "POST", MaxBodyBytes = 1_000 });
        foreach (var path in (string[])["/route/x", "/own/x"])
        {
            using var content = new StreamContent(new MemoryStream(new byte[1_001]));
            using var message = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
            message.Headers.TransferEncodingChunked = isChunked;
            using var response = await gateway.Client.SendAsync(message, TestContext.Current.CancellationToken);
            Assert.Equal(413, (int)response.StatusCode);
        }

        Assert.Empty(gateway.Service.Questions);
        Assert.Empty(gateway.Served);
    }

    [Fact]
    public async Task Method_without_a_body_is_sent_with_an_empty_one()
    {
        await using var gateway = await AuthorizedGateway.StartAsync(static policy => policy with { Method = "POST" });
        Assert.Equal(200, (await gateway.SendAsync(HttpMethod.Post, "/route/x", new StringContent("all of it"))).Status);
        Assert.Equal(("POST", "0"), (gateway.Service.Last.Method, gateway.Service.Last["Content-Length"]));
        Assert.Equal("all of it"u8.ToArray(), gateway.Last.Body);
    }

    [Theory]
    [InlineData(302)]
    [InlineData(303)]
    [InlineData(307)]
    public async Task Person_is_sent_to_sign_in_and_a_program_is_not(int status)
    {
        await using var gateway = await AuthorizedGateway.StartAsync(static policy => policy with { AllowRedirects = true, ClientHeaders = ["Set-Cookie"] });
        gateway.Service.Say(status, ("Location", "https://login.example.com/?next=%2Fx"), ("Set-Cookie", "state=1"));
        var person = await gateway.AskAsync("/route/x", ("Accept", "text/html"));
        Assert.Equal((status, "https://login.example.com/?next=%2Fx", "state=1", "no-store", ""), (person.Status, person["Location"], person["Set-Cookie"], person["Cache-Control"], person.Body));

        var program = await gateway.AskAsync("/route/x", ("Accept", "application/json"));
        Assert.Equal((401, "unauthenticated", null), (program.Status, program.Code, program["Location"]));
        Assert.Equal(401, (await gateway.SendAsync(HttpMethod.Post, "/own/x", new StringContent("x"), ("Accept", "text/html"))).Status);
        Assert.Empty(gateway.Served);
    }

    [Theory]
    [InlineData(302, "javascript:alert(1)")]
    [InlineData(302, "data:text/html,x")]
    [InlineData(302, "https://a b/")]
    [InlineData(302, "")]
    [InlineData(301, "https://login.example.com/")]
    [InlineData(308, "https://login.example.com/")]
    public async Task Redirect_that_leads_to_no_page_or_for_ever_is_no_decision(int status, string location)
    {
        await using var gateway = await AuthorizedGateway.StartAsync(static policy => policy with { AllowRedirects = true });
        gateway.Service.Say(status, ("Location", location));
        var answer = await gateway.AskAsync("/route/x", ("Accept", "text/html"));
        Assert.Equal((503, "auth-unavailable", null), (answer.Status, answer.Code, answer["Location"]));
    }

    [Fact]
    public async Task Values_that_servers_read_in_two_ways_are_no_answer()
    {
        await using var gateway = await AuthorizedGateway.StartAsync(static policy => policy with { DestinationHeaders = ["X-Auth-User"] });
        gateway.Service.Answer = static (context, _) => AskedService.SayAsync(context, 200, ("X-Auth-User", "J\u00fcrgen"));
        Assert.Equal((503, "auth-unavailable"), ((await gateway.AskAsync("/route/x")).Status, (await gateway.AskAsync("/own/x")).Code));
        Assert.Empty(gateway.Served);
    }

    [Fact]
    public async Task In_shadow_it_asks_and_changes_nothing()
    {
        await using var gateway = await AuthorizedGateway.StartAsync(static policy => policy with { Mode = PolicyMode.Shadow, DestinationHeaders = ["X-Auth-User"], ClientHeaders = ["X-Why"] });
        foreach (var status in (int[])[200, 401, 403, 500])
        {
            gateway.Service.Say(status, ("X-Auth-User", "alice"), ("X-Why", "because"));
            foreach (var path in (string[])["/route/x", "/own/x"])
            {
                var answer = await gateway.AskAsync(path, ("X-Auth-User", "as it came"));
                Assert.Equal((200, null), (answer.Status, answer["X-Why"]));
                Assert.Equal("as it came", gateway.Last["X-Auth-User"]);
            }
        }

        Assert.Equal(8, gateway.Service.Questions.Count);
    }
}
