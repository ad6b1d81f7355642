using System.Net;
using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Controllers;
using Microsoft.Extensions.DependencyInjection;
using static GatewayKit.FunctionalTests.Pipeline.Trail;

namespace GatewayKit.FunctionalTests.Pipeline;

/// <summary>Policies on the actions of MVC controllers.</summary>
public sealed class ControllerTests
{
    [Fact]
    public async Task Policy_can_be_put_on_one_controller_of_many()
    {
        await using var gateway = await StartAsync(app => app.MapControllers().Add(static endpoint =>
        {
            if (endpoint.Metadata.OfType<ControllerActionDescriptor>().Any(static action => action.ControllerTypeInfo == typeof(GuardedController)))
            {
                endpoint.AddGatewayPolicy(new TrailPolicy("refusing") { Refuses = true });
            }
        }));

        using var guarded = await gateway.Client.GetAsync("/guarded/echo?text=x");
        using var plain = await gateway.Client.GetAsync("/controller");

        Assert.Equal((HttpStatusCode.TooManyRequests, "application/problem+json"), (guarded.StatusCode, guarded.Content.Headers.ContentType?.MediaType));
        Assert.Equal((HttpStatusCode.OK, string.Empty), (plain.StatusCode, Of(plain)));
    }

    [Fact]
    public async Task Policy_on_a_group_applies_to_its_controllers()
    {
        await using var gateway = await StartAsync(app => app.MapGroup("/group").WithGatewayPolicy(new TrailPolicy("group")).MapControllers());

        using var response = await gateway.Client.GetAsync("/group/guarded/echo?text=x");

        Assert.Equal((HttpStatusCode.OK, "group", "x"), (response.StatusCode, Of(response), await response.Content.ReadAsStringAsync()));
    }

    // MVC keeps the chain of filters with the action: without the check both groups would run the policies of the second.
    [Fact]
    public async Task Controllers_mapped_twice_with_different_policies_stop_the_start()
    {
        var refusal = await Assert.ThrowsAsync<GatewayConfigurationException>(() => StartAsync(app =>
        {
            app.MapGroup("/a").WithGatewayPolicy(new TrailPolicy("a")).MapControllers();
            app.MapGroup("/b").WithGatewayPolicy(new TrailPolicy("b")).MapControllers();
        }));

        // One for each action of the controllers of this assembly, those of other tests among them.
        Assert.True(refusal.Errors.Count >= 3, refusal.Message);
        Assert.All(refusal.Errors, static error => Assert.Contains("mapped several times", error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Controllers_mapped_twice_with_equal_policies_are_served()
    {
        await using var gateway = await StartAsync(app =>
        {
            app.MapGroup("/a").WithGatewayPolicy(new TrailPolicy("same")).MapControllers();
            app.MapGroup("/b").WithGatewayPolicy(new TrailPolicy("same")).MapControllers();
        });

        Assert.Equal("same", await gateway.Client.GetTrailAsync("/a/guarded/echo?text=x"));
        Assert.Equal("same", await gateway.Client.GetTrailAsync("/b/guarded/echo?text=x"));
    }

    [Fact]
    public async Task Host_filter_inside_the_pipeline_sees_the_arguments_of_the_action()
    {
        object?[] arguments = [];
        var decisions = 0;
        await using var gateway = await StartAsync(app => app.MapControllers().WithGatewayPolicy(new TrailPolicy("policy")).AddEndpointFilter((context, next) =>
        {
            arguments = [.. context.Arguments];
            decisions = GatewayContext.From(context).Decisions.Count;
            return next(context);
        }));

        Assert.Equal("hello", await gateway.Client.GetStringAsync("/guarded/echo?text=hello"));
        Assert.Equal(["hello"], arguments);
        Assert.Equal(1, decisions);
    }

    [Fact]
    public async Task Result_of_an_action_is_observed_with_its_final_status()
    {
        var observer = new AwaitableObserver();
        await using var gateway = await StartAsync(
            app => app.MapControllers().WithGatewayPolicy(new ObservePolicy(_ => { })),
            builder =>
            {
                builder.Services.AddSingleton<IGatewayObserver>(observer);
                builder.AddPolicy<ObservePolicy, ObserveFilterFactory>("Observe");
            });

        using var response = await gateway.Client.GetAsync("/guarded/teapot");

        Assert.Equal(StatusCodes.Status418ImATeapot, (int)response.StatusCode);
        Assert.Equal(StatusCodes.Status418ImATeapot, (await observer.NextAsync()).Status);
    }

    private static Task<TestHost> StartAsync(Action<WebApplication> map, Action<GatewayBuilder>? services = null) => TestHost.GatewayAsync(
        services: builder =>
        {
            builder.Services.AddControllers().AddApplicationPart(typeof(ControllerTests).Assembly);
            builder.AddTrail();
            services?.Invoke(builder);
        },
        map: map);
}

[Route("/guarded")]
public sealed class GuardedController : ControllerBase
{
    [HttpGet("echo")]
    public string Echo(string text) => text;

    [HttpGet("teapot")]
    public IActionResult Teapot() => StatusCode(StatusCodes.Status418ImATeapot);
}
