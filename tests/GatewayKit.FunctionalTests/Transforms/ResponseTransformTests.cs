using System.Net;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Throttling;
using GatewayKit.Transforms;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.FunctionalTests.Transforms;

public sealed class ResponseTransformTests
{
    [Fact]
    public async Task Head_of_the_destinations_answer_is_changed()
    {
        await using var gateway = await TransformedGateway.StartAsync(
            "/{**rest}",
            steps => steps.ResponseHeader("X-New", set: "1").ResponseHeaderRemove("Server-Secret").ResponseHeader("X-Lines", append: "b"),
            context =>
            {
                context.Response.Headers["Server-Secret"] = "s";
                context.Response.Headers["X-Lines"] = "a";
                return context.Response.WriteAsync("x");
            });
        using var response = await gateway.Client.GetAsync("/");
        Assert.Equal(("1", false), (response.Headers.GetValues("X-New").Single(), response.Headers.Contains("Server-Secret")));
        Assert.Equal(["a", "b"], response.Headers.GetValues("X-Lines"));
    }

    [Fact]
    public async Task Allow_list_drops_the_rest_and_the_body_keeps_its_length()
    {
        await using var gateway = await TransformedGateway.StartAsync("/{**rest}", steps => steps.ResponseHeadersAllowed("X-Keep"), context =>
        {
            context.Response.Headers["X-Keep"] = "";
            context.Response.Headers["X-Drop"] = "d";
            context.Response.ContentLength = 1;
            return context.Response.WriteAsync("x");
        });
        using var response = await gateway.Client.GetAsync("/");
        Assert.Equal((true, false, 1L), (response.Headers.Contains("X-Keep"), response.Headers.Contains("X-Drop"), response.Content.Headers.ContentLength));
    }

    [Fact]
    public async Task Redirect_and_cookies_of_the_destination_lead_back_through_the_gateway()
    {
        await using var gateway = await TransformedGateway.StartAsync(
            "/orders/{**rest}",
            steps => steps.PathRemovePrefix("/orders").PathPrefix("/v2").RewriteLocation().RewriteCookiePath("/v2", "/orders").RewriteCookieDomain("*", set: null),
            context =>
            {
                context.Response.StatusCode = 302;
                context.Response.Headers.Location = $"http://{context.Request.Host}/base/v2/items/7?x#f";
                context.Response.Headers.SetCookie = new(["a=1; Path=/v2; Domain=internal.example", "b=2; HttpOnly"]);
                return Task.CompletedTask;
            },
            basePath: "/base");
        using var response = await gateway.Client.GetAsync("/orders/items");
        Assert.Equal(HttpStatusCode.Found, response.StatusCode);
        Assert.Equal("/orders/items/7?x#f", response.Headers.Location!.OriginalString);
        Assert.Equal(["a=1; Path=/orders", "b=2; HttpOnly"], response.Headers.GetValues("Set-Cookie"));
    }

    [Fact]
    public async Task Failures_that_the_gateway_makes_and_refusals_of_any_stage_are_changed_too()
    {
        await using var gateway = await TestHost.GatewayAsync(
            services: builder => builder.AddClusters(new GatewayKit.Clusters.Cluster { Id = "none" }),
            map: app =>
            {
                app.MapGatewayRoute("/none", cluster: "none")
                    .WithTransforms(steps => steps.ResponseHeader("X-Failure", set: "1", when: ResponseCondition.Failure).ResponseHeader("X-Success", set: "1"));
                app.MapGatewayRoute("/limited", cluster: "none")
                    .WithThrottling(new ThrottlePolicy { RequestsPerSecond = 0.001, Burst = 1, Partition = ThrottlePartition.ClientAddress })
                    .WithTransforms(steps => steps.ResponseHeader("X-Always", set: "1", when: ResponseCondition.Always));
            });
        using var unavailable = await gateway.Client.GetAsync("/none");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, unavailable.StatusCode);
        Assert.Equal((true, false), (unavailable.Headers.Contains("X-Failure"), unavailable.Headers.Contains("X-Success")));
        using var first = await gateway.Client.GetAsync("/limited");
        using var limited = await gateway.Client.GetAsync("/limited");
        Assert.Equal((HttpStatusCode.TooManyRequests, true), (limited.StatusCode, limited.Headers.Contains("X-Always")));
    }

    [Fact]
    public async Task Endpoints_of_the_host_get_response_transforms()
    {
        await using var gateway = await TestHost.GatewayAsync(map: app =>
        {
            app.MapGet("/own", static (HttpContext context) =>
            {
                context.Response.Cookies.Append("a", "1", new CookieOptions { Path = "/in" });
                return "own";
            }).WithTransforms(steps => steps.PathPrefix("/ignored").ResponseHeader("X-New", set: "1").RewriteCookiePath("/in", "/out"));
            app.MapGet("/away", static () => Results.Redirect("/in/x")).WithTransforms(steps => steps.RewriteLocation(from: "/in", to: "/out"));
        });
        using var own = await gateway.Client.GetAsync("/own");
        Assert.Equal(("own", "1"), (await own.Content.ReadAsStringAsync(), own.Headers.GetValues("X-New").Single()));
        Assert.Equal("a=1; path=/out", own.Headers.GetValues("Set-Cookie").Single());
        using var away = await gateway.Client.GetAsync("/away");
        Assert.Equal("/out/x", away.Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task List_of_an_endpoint_replaces_that_of_its_group()
    {
        await using var gateway = await TestHost.GatewayAsync(map: app =>
        {
            var group = app.MapGroup("").WithTransforms(steps => steps.ResponseHeader("X-Group", set: "1"));
            group.MapGet("/group", static () => "g");
            group.MapGet("/own", static () => "o").WithTransforms(steps => steps.ResponseHeader("X-Own", set: "1"));
            group.MapGet("/off", static () => "o").WithTransforms(new TransformPolicy { Mode = GatewayKit.Pipeline.PolicyMode.Off });
        });
        using var group = await gateway.Client.GetAsync("/group");
        using var own = await gateway.Client.GetAsync("/own");
        using var off = await gateway.Client.GetAsync("/off");
        Assert.True(group.Headers.Contains("X-Group"));
        Assert.Equal((true, false), (own.Headers.Contains("X-Own"), own.Headers.Contains("X-Group")));
        Assert.False(off.Headers.Contains("X-Group"));
    }

    [Fact]
    public async Task Value_that_the_route_does_not_have_fails_the_start()
    {
        var exception = await Assert.ThrowsAnyAsync<Exception>(() => TransformedGateway.StartAsync("/orders/{id}", steps => steps.PathPattern("/v2/{key}")));
        Assert.Contains("Transforms[0] 'PathPattern': '{key}' is not a value of the route", exception.ToString(), StringComparison.Ordinal);
    }
}
