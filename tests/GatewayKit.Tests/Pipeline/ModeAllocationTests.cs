using System.Net;
using GatewayKit.Pipeline;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.Tests.Pipeline;

/// <summary>A request that meets policies in force takes no memory for their modes.</summary>
public sealed class ModeAllocationTests
{
    [Theory]
    [InlineData(100)]
    [InlineData(50)]
    public async Task A_caller_that_a_policy_is_in_force_for_takes_no_memory(int percent)
    {
        await using var services = new ServiceCollection().AddLogging().AddApiGateway().AddPolicy<AcceptPolicy, AcceptFilterFactory>("Accept").Services.BuildServiceProvider();
        var endpoint = new RouteEndpointBuilder(null, RoutePatternFactory.Parse("/route"), order: 0);
        endpoint.Metadata.Add(new GatewayRoute { Id = "route", Match = new() { Path = "/route" } });
        endpoint.Metadata.Add(new AcceptPolicy { EnforcePercent = percent });
        var chain = services.GetRequiredService<PipelineComposer>().Compose(endpoint, static _ => new(Results.Empty), out var pipeline);
        var httpContext = new DefaultHttpContext();
        var share = new EnforcedShare("Accept", percent);
        httpContext.Connection.RemoteIpAddress = Enumerable.Range(1, 255).Select(static last => new IPAddress([192, 0, 2, (byte)last])).First(address =>
        {
            httpContext.Connection.RemoteIpAddress = address;
            return share.Includes(httpContext);
        });

        var context = new GatewayContext(httpContext, pipeline);
        await RunAsync(1_000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        await RunAsync(10_000);

        // Nothing here waits, so it is one thread; the loop itself takes some bytes in a debug build.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000);
        Assert.Equal(PolicyMode.Enforce, Assert.Single(context.Decisions).Mode);

        async Task RunAsync(int requests)
        {
            for (var i = 0; i < requests; i++)
            {
                await chain(context);
            }
        }
    }

    private sealed record AcceptPolicy : IGatewayPolicy
    {
        public GatewayStage Stage => GatewayStage.Limit;

        public PolicyMode Mode { get; init; }

        public int EnforcePercent { get; init; } = 100;

        IGatewayPolicy IGatewayPolicy.InShadow() => this with { Mode = PolicyMode.Shadow };
    }

    private sealed class AcceptFilterFactory : GatewayFilterFactory<AcceptPolicy>
    {
        protected override EndpointFilterDelegate Create(AcceptPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next) => context => next(context);
    }
}
