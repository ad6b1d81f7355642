using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using GatewayKit.Transforms;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.FunctionalTests.Transforms;

public sealed class RequestTransformTests
{
    [Theory]
    [InlineData("/orders/a/b?x=%7e&y", "/base/v2/a/b?x=%7e&y")]
    [InlineData("/orders", "/base/v2/")]
    [InlineData("/ORDERS/%61;v=1/", "/base/v2/a;v=1/")]
    [InlineData("/orders/%C3%BC%25", "/base/v2/%C3%BC%25")]
    public async Task Path_is_mapped_below_the_address_of_the_destination(string target, string expected)
    {
        await using var gateway = await TransformedGateway.StartAsync(
            "/orders/{**rest}", steps => steps.PathRemovePrefix("/orders").PathPrefix("/v2"), basePath: "/base");
        var seen = await gateway.SendAsync(target);
        Assert.Equal(expected, seen["target"]);
        Assert.Equal("/orders", seen["X-Forwarded-Prefix"], ignoreCase: true);
    }

    [Theory]
    [InlineData("/orders//evil.example/x")]
    [InlineData("/orders//")]
    public async Task Path_that_becomes_ambiguous_is_answered_400_and_nothing_is_sent(string target)
    {
        var reached = false;
        await using var gateway = await TransformedGateway.StartAsync("/orders/{**rest}", steps => steps.PathRemovePrefix("/orders"), context =>
        {
            reached = true;
            return TransformedGateway.TellAsync(context);
        });
        var seen = await gateway.SendAsync(target);
        Assert.Equal(400, seen.Status);
        Assert.Contains("\"code\":\"ambiguous-path\"", seen["body"], StringComparison.Ordinal);
        Assert.False(reached);
    }

    [Fact]
    public async Task Pattern_and_query_take_route_values()
    {
        await using var gateway = await TransformedGateway.StartAsync("/t/{tenant}/{**rest}", steps => steps
            .PathPattern("/{tenant}-v2/{**rest}").QueryRouteParameter("tenant", set: "tenant").RequestHeaderRouteValue("X-Tenant", set: "tenant"));
        var seen = await gateway.SendAsync("/t/a%20b/x/y%3F?q=%41&Tenant=spoofed&r", headers: ("X-Tenant", "spoofed"));
        Assert.Equal("/a%20b-v2/x/y%3F?q=%41&tenant=a%20b&r", seen["target"]);
        Assert.Equal("a%20b", seen["X-Tenant"]);
    }

    [Fact]
    public async Task Method_host_and_headers_are_changed_on_the_wire()
    {
        await using var gateway = await TransformedGateway.StartAsync("/{**rest}", steps => steps
            .HttpMethodChange("GET", "PURGE").RequestHost("api.example:81")
            .RequestHeadersAllowed("X-Keep", "Connection", "TE").RequestHeader("X-New", set: "1").RequestHeader("X-New", append: "2"));
        var seen = await gateway.SendAsync("/", headers: [("X-Keep", "k"), ("X-Drop", "d"), ("TE", "trailers")]);
        Assert.Equal(("PURGE", "api.example:81", "k", "1, 2"), (seen["method"], seen["Host"], seen["X-Keep"], seen["X-New"]));
        Assert.Equal((null, null, null), (seen["X-Drop"], seen["TE"], seen["Connection"]));
        Assert.NotNull(seen["X-Forwarded-For"]);
        Assert.NotNull(seen["Via"]);
    }

    [Fact]
    public async Task Original_host_is_the_one_the_client_asked_for()
    {
        await using var gateway = await TransformedGateway.StartAsync("/{**rest}", steps => steps.RequestHeaderOriginalHost());
        Assert.Equal("shop.example", (await gateway.SendAsync("/", headers: ("Host", "shop.example")))["Host"]);
    }

    [Theory]
    [InlineData(ForwardedAction.Off)]
    [InlineData(ForwardedAction.Remove)]
    public async Task Forwarding_fields_that_are_off_are_not_sent_and_never_the_clients(ForwardedAction action)
    {
        await using var gateway = await TransformedGateway.StartAsync("/{**rest}", steps => steps.XForwarded(action));
        var seen = await gateway.SendAsync("/", headers: [("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-Proto", "https"), ("Forwarded", "for=203.0.113.9")]);
        Assert.DoesNotContain(seen.Values.Keys, static name => name.Contains("Forwarded", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Forwarded_takes_the_place_of_the_other_family()
    {
        await using var gateway = await TransformedGateway.StartAsync("/{**rest}", steps => steps
            .Forwarded(ForwardedParameters.For | ForwardedParameters.Proto, forFormat: NodeFormat.Ip));
        var seen = await gateway.SendAsync("/", headers: [("Forwarded", "for=203.0.113.9"), ("X-Forwarded-For", "203.0.113.9")]);
        Assert.Equal("proto=http;for=127.0.0.1", seen["Forwarded"]);
        Assert.DoesNotContain(seen.Values.Keys, static name => name.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Trusted_peer_is_appended_to()
    {
        await using var gateway = await TransformedGateway.StartAsync("/{**rest}", steps => steps
            .XForwarded(ForwardedAction.Append, System.Net.IPNetwork.Parse("127.0.0.0/8")));
        Assert.Equal("203.0.113.9, 127.0.0.1", (await gateway.SendAsync("/", headers: ("X-Forwarded-For", "203.0.113.9")))["X-Forwarded-For"]);
    }

    [Fact]
    public async Task Transform_that_throws_is_a_fault_of_the_gateway_and_nothing_is_sent()
    {
        var reached = false;
        await using var upstream = await Upstream.StartAsync(_ =>
        {
            reached = true;
            return Task.CompletedTask;
        });
        await using var gateway = await TestHost.GatewayAsync(
            services: builder => builder.AddCluster("up", upstream.Address.OriginalString),
            map: app => app.MapGatewayRoute("/", cluster: "up").AddEndpointFilter((context, next) =>
            {
                GatewayContext.From(context).AddForwardTransform(new ThrowingTransform());
                return next(context);
            }));
        using var answer = await gateway.Client.GetAsync("/");
        Assert.Equal(System.Net.HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Contains("\"code\":\"filter-error\"", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.False(reached);
    }

    private sealed class ThrowingTransform : IForwardTransform
    {
        public void TransformRequest(ForwardRequest request) => throw new InvalidOperationException("broken");
    }
}
