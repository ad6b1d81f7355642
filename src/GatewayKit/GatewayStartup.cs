using GatewayKit.Configuration;
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

        // Building the endpoints composes their pipelines: a policy that nothing serves stops the start here, not the first request.
        _ = app.ApplicationServices.GetService<EndpointDataSource>()?.Endpoints;
    };
}
