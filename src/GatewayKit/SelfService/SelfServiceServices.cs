using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace GatewayKit.SelfService;

/// <summary>What the self-service view is made of. None of it is made unless the view is mapped.</summary>
internal static class SelfServiceServices
{
    public static void AddTo(IServiceCollection services)
    {
        services.TryAddSingleton<SelfServicePlaces>();
        services.TryAddSingleton<SelfServiceLimits>();
        services.TryAddSingleton<SelfServiceView>();
        services.ConfigureHttpJsonOptions(static options => options.SerializerOptions.TypeInfoResolverChain.Add(SelfServiceJsonContext.Default));
    }
}
