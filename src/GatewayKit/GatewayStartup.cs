using GatewayKit.Admin;
using GatewayKit.Auditing.Personal;
using GatewayKit.Clusters;
using GatewayKit.Configuration;
using GatewayKit.Hosting;
using GatewayKit.Lifecycle;
using GatewayKit.Pipeline;
using GatewayKit.Secrets;
using GatewayKit.SelfService;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace GatewayKit;

/// <summary>Checks everything before the host listens: every endpoint that carries a policy, the host itself, the configuration.</summary>
internal sealed class GatewayStartup(
    GatewayConfigurator configurator, EndpointChecks endpointChecks, UpstreamHandlers handlers, StartGuard guard, ShutdownCheck shutdown,
    IOptions<GatewayOptions> options, AuditLifecycle auditing) : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        next(app);
        var services = app.ApplicationServices;

        // Reading also makes the groups known that gateway routes are mapped in: their prefixes are part of what is checked. The gateway's
        // own endpoints are not there yet, so these are the host's: a policy that would not be applied stops the start, not the first request.
        var endpoints = services.GetRequiredService<EndpointDataSource>();
        var endpointErrors = endpointChecks.CheckPolicies(endpoints.Endpoints, new([]));
        configurator.Start(services.GetRequiredService<GatewayOptionsChecks>().Check(options.Value), endpointErrors.Concat(AdminChecks.Check(endpoints.Endpoints, services.GetService<IAuthorizationPolicyProvider>())).Concat(Views(endpoints)).Concat(Risks(endpoints)).Concat(Secrets(services)));
        RefuseUnusedHandlers();
        auditing.Begin(endpoints);
        configurator.Applied += (_, _) => LookAtDeadlines();
        LookAtDeadlines();
        services.GetRequiredService<PipelineLog>().Start();
    };

    private static IEnumerable<ConfigurationError> Views(EndpointDataSource endpoints) =>
        SelfServiceChecks.Check(endpoints.Endpoints).Select(static fault => new ConfigurationError("MapGatewaySelfService()", fault));

    private IEnumerable<ConfigurationError> Risks(EndpointDataSource endpoints)
    {
        foreach (var finding in guard.Check(endpoints.Endpoints))
        {
            yield return new($"Host:{finding.Check.Id}", finding.Message);
        }
    }

    // Of what code has added, and of the journal that is opened in any case. Those of policies are looked at with their endpoints.
    private IEnumerable<ConfigurationError> Secrets(IServiceProvider services)
    {
        var secrets = services.GetRequiredService<SecretReader>();
        foreach (var required in services.GetServices<RequiredSecret>())
        {
            if (required.FaultOf(secrets) is { } fault)
            {
                yield return new(required.Owner, fault);
            }
        }

        foreach (var fault in options.Value.Journal?.Personal is { } personal ? PersonalData.FaultsOf(personal, secrets) : [])
        {
            yield return new(services.GetRequiredService<GatewayOptionsChecks>().PlaceOf("Journal:Personal"), fault);
        }
    }

    // Deadlines that somebody has set: a host with nothing but defaults is not warned of them.
    private void LookAtDeadlines() =>
        shutdown.Look(configurator.Current.ClusterStates.Values.Select(static state => (state.Cluster.Id, state.Cluster.Timeouts.Total ?? Timeout.InfiniteTimeSpan)));

    // A misspelled cluster would leave a test on the real network.
    private void RefuseUnusedHandlers()
    {
        ConfigurationError[] errors =
        [
            .. handlers.ReplacedClusters.Where(id => !configurator.Current.Clusters.ContainsKey(id)).Select(static id => new ConfigurationError(
                $"UseUpstreamHandler(\"{id}\")", $"There is no cluster '{id}'. Name a cluster of the configuration or of AddCluster()."))
        ];
        if (errors.Length > 0)
        {
            throw new GatewayConfigurationException(errors) { IsAtStart = true };
        }
    }
}
