using System.Net;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Pipeline;

/// <summary>What destinations are told of policies in shadow mode.</summary>
public sealed class WouldRejectTests
{
    private const string Field = "X-GW-Would-Reject";

    [Theory]
    [InlineData(true, "Trail")]
    [InlineData(false, "")]
    public async Task Destinations_are_told_who_would_have_refused_if_the_host_wants_it(bool sends, string told)
    {
        await using var upstream = await Upstream.StartAsync(EchoAsync);
        await using var gateway = await StartAsync(
            upstream, sends, new TrailPolicy("a") { Refuses = true, Mode = PolicyMode.Shadow }, new TrailPolicy("b") { Refuses = true, Mode = PolicyMode.Shadow }, new TrailPolicy("c") { Mode = PolicyMode.Shadow });
        Assert.Equal(told, await gateway.Client.GetStringAsync("/"));
    }

    [Fact]
    public async Task Candidates_are_not_among_them()
    {
        await using var upstream = await Upstream.StartAsync(EchoAsync);
        await using var gateway = await StartAsync(upstream, sends: true, new TrailPolicy("a") { Candidate = new("a") { Refuses = true, Mode = PolicyMode.Shadow } });
        Assert.Equal(string.Empty, await gateway.Client.GetStringAsync("/"));
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task What_a_peer_says_in_the_field_does_not_pass(bool sends, bool trusts)
    {
        await using var upstream = await Upstream.StartAsync(EchoAsync);
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address, services: builder => builder.Services.Configure<GatewayOptions>(options =>
        {
            options.SendWouldReject = sends;
            options.TrustedProxies = trusts ? [IPNetwork.Parse("127.0.0.0/8")] : [];
        }));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { { Field, "Throttle" } } };
        using var answer = await gateway.Client.SendAsync(request);
        Assert.Equal(string.Empty, await answer.Content.ReadAsStringAsync());
    }

    private static Task EchoAsync(HttpContext context) => context.Response.WriteAsync(context.Request.Headers[Field].ToString());

    private static Task<TestHost> StartAsync(TestHost upstream, bool sends, params TrailPolicy[] policies) => Upstream.GatewayToAsync(
        upstream.Address,
        services: builder => builder.AddTrail().Services.Configure<GatewayOptions>(options => options.SendWouldReject = sends),
        routes: routes => Array.ForEach(policies, policy => routes.WithGatewayPolicy(policy)));
}
