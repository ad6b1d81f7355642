using GatewayKit.Configuration;
using GatewayKit.Pipeline;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace GatewayKit;

/// <summary>Checks everything before the host listens: the configuration, then every endpoint that carries a policy.</summary>
internal sealed class GatewayStartup(GatewayConfigurator configurator, IOptions<GatewayOptions> options) : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        next(app);
        configurator.Start(GatewayOptionsChecks.Check(options.Value));
        CheckEndpoints(app.ApplicationServices);
    };

    // Building the endpoints composes their pipelines: a policy that would not be applied stops the start here, not the first request.
    private static void CheckEndpoints(IServiceProvider services)
    {
        var endpoints = services.GetRequiredService<EndpointDataSource>().Endpoints;
        var faults = PipelineFault.In(endpoints).Select(static fault => new ConfigurationError(fault.Endpoint, fault.Message));

        // Once more over all of them: routes from code and the prefixes of groups are not in any one source.
        var conflicts = RouteConflicts.Find(endpoints).Select(static conflict => new ConfigurationError(conflict.RouteId, conflict.Message));
        ConfigurationError[] errors = [.. faults, .. conflicts];
        if (errors.Length > 0)
        {
            throw new GatewayConfigurationException(errors);
        }

        services.GetRequiredService<PipelineLog>().Start();
    }
}
