using GatewayKit.Configuration;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit;

/// <summary>Checks everything before the host listens: the configuration, then every endpoint that carries a policy.</summary>
internal sealed class GatewayStartup(GatewayConfigurator configurator) : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        next(app);
        configurator.Start();
        CheckPipelines(app.ApplicationServices);
    };

    // Building the endpoints composes their pipelines: a policy that would not be applied stops the start here, not the first request.
    private static void CheckPipelines(IServiceProvider services)
    {
        var faults = PipelineFault.In(services.GetRequiredService<EndpointDataSource>().Endpoints);
        var errors = faults.Select(static fault => new ConfigurationError(fault.Endpoint, fault.Message)).ToArray();
        if (errors.Length > 0)
        {
            throw new GatewayConfigurationException(errors);
        }

        services.GetRequiredService<PipelineLog>().Start();
    }
}
