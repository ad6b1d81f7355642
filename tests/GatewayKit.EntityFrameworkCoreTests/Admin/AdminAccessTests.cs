using System.Net;
using System.Text;
using GatewayKit.Configuration;
using GatewayKit.Shared;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.EntityFrameworkCoreTests.Admin;

/// <summary>Who gets in, and from where.</summary>
public sealed class AdminAccessTests
{
    [Fact]
    public async Task Host_that_does_not_map_it_has_no_admin_path()
    {
        await using var host = await AdminHost.StartAsync(map: static _ => { }, store: new InMemoryRepository());
        foreach (var path in (string[])["", "consumers", "consumers/acme", "plans", "products"])
        {
            using var response = await host.Client.GetAsync(new Uri(path, UriKind.Relative));
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        }
    }

    public static TheoryData<string, Action<WebApplication>> Open => new()
    {
        { "has no authorization policy", static app => app.MapGatewayAdmin() },
        { "lets everybody in who is signed in, partners too", static app => app.MapGatewayAdmin().RequireAuthorization() },
        { "lets everybody in who is signed in, partners too", static app => app.MapGroup("/inner").RequireAuthorization().MapGatewayAdmin("/admin") },
        { "lets everybody in who is signed in, partners too", static app => app.MapGatewayAdmin().RequireAuthorization(static policy => policy.RequireAuthenticatedUser()) },
        { "lets everybody in who is signed in, partners too", static app => app.MapGatewayAdmin(policy: "signed-in") },
        { "allows everybody", static app => app.MapGatewayAdmin(policy: AdminHost.Policy).AllowAnonymous() },
        { "is closed by the authorization policy 'gateway-admn', which there is not", static app => app.MapGatewayAdmin(policy: "gateway-admn") },
        { "is closed by the authorization policy 'admins', which there is not", static app => app.MapGroup("").RequireAuthorization("admins").MapGatewayAdmin(policy: AdminHost.Policy) },
    };

    [Theory]
    [MemberData(nameof(Open), DisableDiscoveryEnumeration = true)]
    public async Task Host_whose_admin_api_is_open_does_not_start(string fault, Action<WebApplication> map)
    {
        var error = await Assert.ThrowsAsync<GatewayConfigurationException>(() => AdminHost.StartAsync(
            services: static builder => builder.Services.AddAuthorizationBuilder().AddPolicy("signed-in", static policy => policy.RequireAuthenticatedUser()), map: map));
        Assert.Contains(fault, Assert.Single(error.Errors).Message, StringComparison.Ordinal);
    }

    public static TheoryData<Action<WebApplication>> Closed => new()
    {
        static app => app.MapGatewayAdmin(policy: AdminHost.Policy),
        static app => app.MapGatewayAdmin().RequireAuthorization(AdminHost.Policy),
        static app => app.MapGatewayAdmin().RequireAuthorization(static policy => policy.RequireRole("admin")),
        static app => app.MapGroup("").RequireAuthorization(AdminHost.Policy).MapGatewayAdmin(),
    };

    [Theory]
    [MemberData(nameof(Closed), DisableDiscoveryEnumeration = true)]
    public async Task Administrators_get_in_and_nobody_else(Action<WebApplication> map)
    {
        await using var host = await AdminHost.StartAsync(map: map, store: new InMemoryRepository());
        using var stranger = AdminHost.ClientFor(host.Urls[0], user: null);
        using var partner = AdminHost.ClientFor(host.Urls[0], user: "acme partner");
        foreach (var path in (string[])["consumers", "consumers/acme", "plans", "products"])
        {
            var uri = new Uri(path, UriKind.Relative);
            await MustRefuseAsync(stranger, HttpStatusCode.Unauthorized);
            await MustRefuseAsync(partner, HttpStatusCode.Forbidden);
            Assert.Equal(path == "consumers/acme" ? HttpStatusCode.NotFound : HttpStatusCode.OK, (await host.Client.GetAsync(uri)).StatusCode);

            async Task MustRefuseAsync(HttpClient client, HttpStatusCode status)
            {
                using var refusal = await client.GetAsync(uri);
                Assert.Equal((status, true), (refusal.StatusCode, refusal.Headers.CacheControl?.NoStore is true));
            }
        }

        using var content = new StringContent("""{ "Id": "acme" }""", Encoding.UTF8, "application/json");
        Assert.Equal(HttpStatusCode.Forbidden, (await partner.PostAsync(new Uri("consumers", UriKind.Relative), content)).StatusCode);
        Assert.Null(await host.Store.GetAsync("acme", default));
    }

    [Fact]
    public async Task Host_without_authorization_policies_does_not_start_with_it()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddApiGateway();
        await using var app = builder.Build();
        app.MapGatewayAdmin(policy: AdminHost.Policy);
        var error = await Assert.ThrowsAsync<GatewayConfigurationException>(() => app.StartAsync());
        Assert.Contains("this host has none", Assert.Single(error.Errors).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, null, "403 not-from-a-page")]
    [InlineData("1", "cross-site", "403 not-from-a-page")]
    [InlineData("1", "same-site", "403 not-from-a-page")]
    [InlineData(null, "same-origin", "403 not-from-a-page")]
    [InlineData("1", "same-origin", null)]
    [InlineData("1", "none", null)]
    [InlineData("", null, null)]
    public async Task Page_of_somebody_else_writes_nothing(string? header, string? site, string? problem)
    {
        await using var host = await AdminHost.StartWithStoreAsync();
        host.Client.DefaultRequestHeaders.Remove("X-Gateway-Admin");
        if (header is not null)
        {
            host.Client.DefaultRequestHeaders.Add("X-Gateway-Admin", header);
        }

        if (site is not null)
        {
            host.Client.DefaultRequestHeaders.Add("Sec-Fetch-Site", site);
        }

        if (problem is null)
        {
            await host.DoAsync("POST", "consumers", """{ "Id": "acme" }""");
        }
        else
        {
            Assert.Equal(problem, await AdminHost.ProblemOf(host.SendAsync("POST", "consumers", """{ "Id": "acme" }""")));
            Assert.Null(await host.Store.GetAsync("acme", default));
        }

        await host.DoAsync("GET", "consumers");
    }

    [Fact]
    public async Task Content_that_a_form_can_send_is_none()
    {
        await using var host = await AdminHost.StartWithStoreAsync();
        using var content = new StringContent("""{ "Id": "acme" }""", Encoding.UTF8, "text/plain");
        Assert.Equal("415 unsupported-media-type", await AdminHost.ProblemOf(host.Client.PostAsync(new Uri("consumers", UriKind.Relative), content)));
    }

    [Fact]
    public async Task Content_has_a_bound()
    {
        await using var host = await AdminHost.StartWithStoreAsync();
        Assert.Equal("413 content-too-large", await AdminHost.ProblemOf(host.SendAsync("POST", "consumers", $$"""{ "Id": "{{new string('x', 1 << 20)}}" }""")));
    }

    // Host is what a client writes, and the port in it any that it likes.
    [Fact]
    public async Task Api_that_is_kept_to_a_port_is_nowhere_else_whatever_the_host_field_says()
    {
        var (own, open) = (FreePort.Next(), FreePort.Next());
        await using var host = await AdminHost.StartAsync(
            services: builder => builder.Configuration["urls"] = $"http://127.0.0.1:{own};http://127.0.0.1:{open}", map: app => app.MapGatewayAdmin(policy: AdminHost.Policy, port: own), store: new InMemoryRepository());
        using var inside = AdminHost.ClientFor($"http://127.0.0.1:{own}");
        using var outside = AdminHost.ClientFor($"http://127.0.0.1:{open}");
        foreach (var (method, path) in ((string, string)[])[("GET", "consumers"), ("POST", "consumers"), ("PATCH", "consumers"), ("GET", "consumers/acme"), ("GET", "plans")])
        {
            using var forged = new HttpRequestMessage(new(method), path) { Headers = { Host = $"127.0.0.1:{own}" } };
            Assert.Equal(HttpStatusCode.NotFound, (await outside.SendAsync(forged)).StatusCode);
        }

        using var other = new HttpRequestMessage(HttpMethod.Get, "consumers") { Headers = { Host = $"127.0.0.1:{open}" } };
        Assert.Equal(HttpStatusCode.OK, (await inside.SendAsync(other)).StatusCode);
        using var wrong = new HttpRequestMessage(HttpMethod.Patch, "consumers");
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await inside.SendAsync(wrong)).StatusCode);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(65_536)]
    public async Task Port_that_is_none_is_refused_at_the_call(int port)
    {
        await using var host = await AdminHost.StartAsync(map: static _ => { }, store: new InMemoryRepository());
        Assert.Throws<ArgumentOutOfRangeException>(() => host.Map(app => app.MapGatewayAdmin(policy: AdminHost.Policy, port: port)));
    }
}
