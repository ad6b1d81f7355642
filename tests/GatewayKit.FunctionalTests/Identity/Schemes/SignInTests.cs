using System.Net;
using System.Security.Claims;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Identity.Schemes;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Identity.Schemes;

/// <summary>People who sign in: cookies of the host, and the page that makes them.</summary>
public sealed class SignInTests
{
    [Theory]
    [InlineData("GET", "Accept: text/html,application/xhtml+xml", 302)]
    [InlineData("GET", "Accept: text/html\r\nSec-Fetch-Mode: navigate", 302)]
    [InlineData("GET", "Accept: text/html\r\nSec-Fetch-Mode: cors", 401)]
    [InlineData("GET", "Accept: application/json", 401)]
    [InlineData("GET", "X-Nothing: 1", 401)]
    [InlineData("POST", "Accept: text/html\r\nContent-Length: 0", 401)]
    [InlineData("GET", "Accept: text/html\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", 401)]
    public async Task Only_a_page_that_a_person_opens_leads_to_where_people_sign_in(string method, string fields, int status)
    {
        await using var gateway = await StartAsync(new() { Schemes = ["Cookies"], Challenge = true });
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync($"{method} /own?a=1 HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n");
        var answer = await client.ReadAnswerAsync();
        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.Equal(status == 302, answer.Contains("/login?ReturnUrl=%2Fown%3Fa%3D1", StringComparison.Ordinal));
        Assert.Equal(status == 401, answer.Contains("WWW-Authenticate: Cookies\r\n", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_a_word_nobody_is_sent_anywhere()
    {
        await using var gateway = await StartAsync(new() { Schemes = ["Cookies"] });
        using var response = await SendAsync(gateway, "/own", accept: "text/html");
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Null(response.Headers.Location);
    }

    [Fact]
    public async Task Who_has_signed_in_is_served()
    {
        await using var gateway = await StartAsync(new() { Schemes = ["Cookies"] });
        using var response = await SendAsync(gateway, "/own", cookie: await SignInAsync(gateway, "alice"));
        Assert.Equal("alice", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("alice", "Word sub=alice", 200)]
    [InlineData("alice", "Word sub=alice;client_id=app", 200)]
    [InlineData("alice", "Word sub=bob", 401)]
    [InlineData("alice", "Word client_id=app", 401)]
    [InlineData("alice", "Word wrong", 401)]
    [InlineData("forged", "Word sub=alice", 401)]
    [InlineData("forged", null, 401)]
    [InlineData(null, "Word sub=alice", 200)]
    public async Task A_cookie_and_a_token_both_have_to_hold_and_to_agree(string? cookie, string? authorization, int status)
    {
        await using var gateway = await StartAsync(new() { Schemes = ["Word", "Cookies"] });
        var field = cookie is "forged" ? ".AspNetCore.Cookies=CfDJ8forged" : cookie is null ? null : await SignInAsync(gateway, cookie);
        using var response = await SendAsync(gateway, "/own", cookie: field, authorization: authorization);
        Assert.Equal(status, (int)response.StatusCode);
    }

    // Of two issuers at least one does not know a token.
    [Theory]
    [InlineData("Word sub=alice", 200)]
    [InlineData("Picky sub=alice", 200)]
    [InlineData("Other sub=alice", 401)]
    public async Task One_of_two_that_read_the_same_credential_is_enough(string authorization, int status)
    {
        await using var gateway = await StartAsync(new() { Schemes = ["Picky", "Word"] });
        using var response = await SendAsync(gateway, "/own", authorization: authorization);
        Assert.Equal(status, (int)response.StatusCode);
    }

    // A cookie that signs in is a credential; others are the destination's business.
    [Theory]
    [InlineData(false, "a=1; z=2")]
    [InlineData(true, "a=1; .AspNetCore.CookiesX=3; .AspNetCore.CookiesC1=part; .AspNetCore.Cookies=…; z=2")]
    public async Task A_destination_does_not_get_the_cookie(bool forward, string seen)
    {
        await using var upstream = await Upstream.StartAsync(static context => context.Response.WriteAsync(context.Request.Headers.Cookie.ToString()));
        await using var gateway = await StartAsync(new() { Schemes = ["Cookies"], ForwardToken = forward }, upstream.Address);
        var cookie = await SignInAsync(gateway, "alice");
        using var response = await SendAsync(gateway, "/route", cookie: $"a=1; .AspNetCore.CookiesX=3; .AspNetCore.CookiesC1=part; {cookie}; z=2");
        seen = forward ? seen.Replace(".AspNetCore.Cookies=…", cookie, StringComparison.Ordinal) : "a=1; .AspNetCore.CookiesX=3; z=2";
        Assert.Equal(seen, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Where_it_cannot_be_said_where_to_sign_in_nobody_gets_in()
    {
        await using var gateway = await StartAsync(new() { Schemes = ["Cookies"], Challenge = true }, loginFails: true);
        using var response = await SendAsync(gateway, "/own", accept: "text/html");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.DoesNotContain("secret", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    private static Task<TestHost> StartAsync(IdentityPolicy policy, Uri? upstream = null, bool loginFails = false) => TestHost.StartAsync(
        builder =>
        {
            builder.Services.AddWords("Other", "Word", "Picky").AddCookie(options =>
            {
                options.LoginPath = "/login";
                if (loginFails)
                {
                    options.Events.OnRedirectToLogin = static _ => throw new IOException("secret");
                }
            });
            builder.Services.AddApiGateway().AddCluster("up", (upstream ?? new("http://127.0.0.1:9")).ToString());
        },
        app =>
        {
            app.MapGet("/sign-in/{name}", static (string name, HttpContext context) => context.SignInAsync(
                CookieAuthenticationDefaults.AuthenticationScheme, new(new ClaimsIdentity([new("sub", name)], "sign-in"))));
            var group = app.MapGroup("").RequireIdentity(policy);
            group.MapGet("/own", static (HttpContext context) => context.User.FindFirst("sub")!.Value);
            group.MapPost("/own", static () => "own");
            group.MapGatewayRoute("/route", cluster: "up");
        });

    private static async Task<string> SignInAsync(TestHost gateway, string name)
    {
        using var response = await gateway.Client.GetAsync($"/sign-in/{name}", TestContext.Current.CancellationToken);
        return response.Headers.GetValues("Set-Cookie").Single().Split(';')[0];
    }

    private static Task<HttpResponseMessage> SendAsync(TestHost gateway, string path, string? cookie = null, string? authorization = null, string? accept = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var (name, value) in new[] { ("Cookie", cookie), ("Authorization", authorization), ("Accept", accept) })
        {
            if (value is not null)
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
