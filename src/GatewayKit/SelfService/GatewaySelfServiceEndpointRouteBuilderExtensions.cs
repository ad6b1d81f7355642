using GatewayKit.Pipeline;
using GatewayKit.SelfService;
using GatewayKit.Throttling;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps the self-service view of consumers.</summary>
public static class GatewaySelfServiceEndpointRouteBuilderExtensions
{
    private const string Json = "application/json";
    private const string ProblemJson = "application/problem+json";

    // Ten looks at once, then one a second: a page that is reloaded passes, a program that asks before each of its calls does not.
    private static readonly ThrottlePolicy DefaultPace = new() { RequestsPerSecond = 1, Burst = 10, Partition = ThrottlePartition.Consumer, Name = "self-service" };

    // Who looks what is left takes nothing of it.
    private static readonly PlanPolicy NoPlan = new() { Mode = PolicyMode.Off };

    /// <summary>
    /// Maps what callers may see of themselves: who they are to the gateway, with which credential, what they may call, and what is left of their limits. It answers for the caller alone, and
    /// takes nothing of the limits that it tells of. The host starts only if what this returns asks every caller who it is: <c>app.MapGatewaySelfService().RequireApiKey()</c>.
    /// </summary>
    /// <remarks>A consumer may look ten times at once and then once a second; <c>WithThrottling</c> by <see cref="ThrottlePartition.Consumer"/> and second on what this returns takes the place of that.</remarks>
    /// <param name="endpoints">The host's endpoints, or a group of them.</param>
    /// <param name="pattern">Its path. Default <c>/me</c>.</param>
    /// <returns>The group of its endpoints, for what else is said of them.</returns>
    /// <exception cref="InvalidOperationException"><c>AddApiGateway()</c> was not called.</exception>
    public static RouteGroupBuilder MapGatewaySelfService(this IEndpointRouteBuilder endpoints, string pattern = "/me")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentException.ThrowIfNullOrWhiteSpace(pattern);
        var view = endpoints.ServiceProvider.GetService<SelfServiceView>()
            ?? throw new InvalidOperationException("The gateway is not registered. Call builder.Services.AddApiGateway() before mapping its self-service view.");
        var group = endpoints.MapGroup(string.Empty).WithTags("Gateway self-service");
        group.MapMethods(pattern, [HttpMethods.Get], view.WriteAsync)
            .WithMetadata(
                SelfServiceMetadata.Instance,
                ((RequestDelegate)view.WriteAsync).Method,
                new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(SelfServiceAnswer), [Json]),
                new ProducesResponseTypeMetadata(StatusCodes.Status401Unauthorized, typeof(Mvc.ProblemDetails), [ProblemJson]),
                new ProducesResponseTypeMetadata(StatusCodes.Status429TooManyRequests, typeof(Mvc.ProblemDetails), [ProblemJson]))
            .Add(AddDefaults);
        return group;
    }

    // In front of all that the host says, which therefore counts. Groups have said theirs by now.
    private static void AddDefaults(EndpointBuilder endpoint)
    {
        var asks = endpoint.Metadata.Any(static item => item is IIdentityPolicy { FindsCaller: true, Mode: not PolicyMode.Off });
        endpoint.Metadata.Insert(0, NoPlan);
        if (asks)
        {
            // Without a caller the pace would be a second fault beside the one that matters.
            endpoint.Metadata.Insert(0, DefaultPace);
        }

        PipelineFilterFactory.AddTo(endpoint);
    }
}
