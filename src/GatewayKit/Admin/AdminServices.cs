using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace GatewayKit.Admin;

/// <summary>What the admin API is made of. None of it is made unless the API is mapped.</summary>
internal static class AdminServices
{
    public static void AddTo(IServiceCollection services)
    {
        services.TryAddSingleton<ConsumerRules>();
        services.TryAddSingleton<ConsumerAdministration>();
        services.TryAddSingleton<AdminDocuments>();
        services.TryAddSingleton<AdminEndpoints>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<MatcherPolicy, AdminPortMatcherPolicy>());
    }
}
