using System.Reflection;
using System.Security.Claims;
using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.FunctionalTests.Identity.Schemes;
using GatewayKit.Identity.Schemes;
using GatewayKit.Identity.Upstream;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.ApplicationParts;
using Microsoft.AspNetCore.Mvc.Controllers;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Pipeline;

/// <summary>The framework binds arguments of handlers before any policy runs.</summary>
public sealed class HandlerParameterTests
{
    public static TheoryData<Delegate> Bound() => new(
        ([FromHeader(Name = "X-Auth-User")] string? user) => user ?? "none",
        ([FromHeader(Name = "x_auth.user")] string? user) => user ?? "none",
        ([AsParameters] Grouped grouped) => grouped.User ?? "none",
        ([AsParameters] GroupedRecord grouped) => grouped.User ?? "none");

    [Theory]
    [MemberData(nameof(Bound))]
    public async Task Parameter_that_a_client_would_fill_in_place_of_a_service_stops_the_start(Delegate handler)
    {
        var failed = await Assert.ThrowsAsync<GatewayConfigurationException>(() => StartAsync(app =>
            app.MapGet("/", handler).RequireExternalAuthorization(new() { Url = new("http://127.0.0.1:1/"), DestinationHeaders = ["X-Auth-User"] })));
        Assert.Contains("ExternalAuthorization answers for the field", Assert.Single(failed.Errors).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Parameter_that_a_client_would_fill_in_place_of_the_gateway_stops_the_start()
    {
        var failed = await Assert.ThrowsAsync<GatewayConfigurationException>(() => StartAsync(static app =>
            app.MapGet("/", ([FromHeader(Name = "X-GW-Consumer")] string? consumer) => consumer ?? "none").WithGatewayPolicy(new IdentityHeadersPolicy())));
        Assert.Contains("IdentityHeaders answers for the field 'X-GW-Consumer'", Assert.Single(failed.Errors).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Action_of_a_controller_is_looked_at_too()
    {
        var failed = await Assert.ThrowsAsync<GatewayConfigurationException>(() => StartAsync(
            static app => app.MapControllers().RequireExternalAuthorization(new() { Url = new("http://127.0.0.1:1/"), DestinationHeaders = ["X-Auth-User"] }),
            static services => services.AddControllers().ConfigureApplicationPartManager(static parts =>
            {
                parts.FeatureProviders.Clear();
                parts.FeatureProviders.Add(new OneController(typeof(BindingController)));
            })));
        Assert.Contains(failed.Errors, static error => error.Message.Contains("ExternalAuthorization answers for the field 'X-Auth-User'", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Parameters_of_other_fields_are_nobodys_business()
    {
        await using var host = await StartAsync(static app =>
            app.MapGet("/", ([FromHeader(Name = "X-Other")] string? other) => other ?? "none").WithGatewayPolicy(new IdentityHeadersPolicy()));
        Assert.Equal("none", await host.Client.GetStringAsync("/", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Caller_that_a_handler_takes_is_the_one_that_the_policy_found()
    {
        await using var host = await StartAsync(static app =>
        {
            app.MapGet("/mixed/{id}", (string id, ClaimsPrincipal user, HttpContext context) => $"{id} {user.FindFirst("client_id")?.Value} {ReferenceEquals(user, context.User)}").RequireIdentity(new IdentityPolicy { Schemes = ["Word"] });
            app.MapGet("/open", (ClaimsPrincipal user) => user.Identity?.IsAuthenticated is true ? "somebody" : "nobody");
        });
        using var request = new HttpRequestMessage(HttpMethod.Get, "/mixed/7");
        request.Headers.TryAddWithoutValidation("Authorization", "Word client_id=shop");
        using var answer = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal("7 shop True", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal("nobody", await host.Client.GetStringAsync("/open", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Caller_in_a_group_of_parameters_stops_the_start()
    {
        var failed = await Assert.ThrowsAsync<GatewayConfigurationException>(() => StartAsync(static app =>
            app.MapGet("/", ([AsParameters] WithCaller group) => group.User.Identity?.Name ?? "none").RequireIdentity(new IdentityPolicy { Schemes = ["Word"] })));
        Assert.Contains("ClaimsPrincipal of [AsParameters]", Assert.Single(failed.Errors).Message, StringComparison.Ordinal);
    }

    private static Task<TestHost> StartAsync(Action<WebApplication> map, Action<IServiceCollection>? services = null) => TestHost.StartAsync(
        builder =>
        {
            builder.Services.AddApiGateway();
            builder.Services.AddWords("Word");
            services?.Invoke(builder.Services);
        },
        map);

    public sealed class Grouped
    {
        [FromHeader(Name = "X-Auth-User")]
        public string? User { get; set; }
    }

    public sealed record GroupedRecord([FromHeader(Name = "X-Auth-User")] string? User);

    public sealed record WithCaller(ClaimsPrincipal User);

    // The parts of this assembly have other controllers.
    private sealed class OneController(Type type) : IApplicationFeatureProvider<ControllerFeature>
    {
        public void PopulateFeature(IEnumerable<ApplicationPart> parts, ControllerFeature feature) => feature.Controllers.Add(type.GetTypeInfo());
    }

    // Nested, so that nobody else finds it.
    [ApiController]
    [Route("/bound")]
    public sealed class BindingController : ControllerBase
    {
        [HttpGet]
        public string Get([FromHeader(Name = "X-Auth-User")] string? user) => user ?? "none";
    }
}
