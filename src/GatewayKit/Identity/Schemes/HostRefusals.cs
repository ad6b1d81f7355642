using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.Identity.Schemes;

/// <summary>
/// Sees what the host's own <c>[Authorize]</c> and <c>RequireAuthorization()</c> refuse on endpoints that have a pipeline, which then never runs. The answer stays what the host makes of it.
/// </summary>
internal sealed class HostRefusals(IAuthorizationMiddlewareResultHandler inner, PipelineOutcomes outcomes) : IAuthorizationMiddlewareResultHandler
{
    /// <summary>What metrics and logs call it, in place of a policy.</summary>
    public const string Name = "HostAuthorization";

    /// <summary>Puts it around what is registered, or in front of what <c>AddAuthorization()</c> registers unless there is something.</summary>
    public static void AddTo(IServiceCollection services)
    {
        if (services.Any(static service => service.ServiceType == typeof(HostRefusals)))
        {
            return;
        }

        var known = services.LastOrDefault(static service => !service.IsKeyedService && service.ServiceType == typeof(IAuthorizationMiddlewareResultHandler));
        if (known is not null)
        {
            services.Remove(known);
        }

        var lifetime = known?.Lifetime ?? ServiceLifetime.Singleton;
        services.Add(new(typeof(HostRefusals), provider => new HostRefusals(Create(known, provider), provider.GetRequiredService<PipelineOutcomes>()), lifetime));
        services.Add(new(typeof(IAuthorizationMiddlewareResultHandler), static provider => provider.GetRequiredService<HostRefusals>(), lifetime));
    }

    public Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
    {
        if (authorizeResult.Succeeded || context.GetEndpoint() is not { } endpoint)
        {
            return inner.HandleAsync(next, context, policy, authorizeResult);
        }

        if (endpoint.Metadata.GetMetadata<IUncachedMetadata>() is not null)
        {
            context.Response.Headers.CacheControl = "no-store";
        }

        return endpoint.Metadata.Last<GatewayPipeline>() is { } pipeline
            ? RefuseAsync(next, context, policy, authorizeResult, pipeline)
            : inner.HandleAsync(next, context, policy, authorizeResult);
    }

    private async Task RefuseAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult, GatewayPipeline pipeline)
    {
        var isRefused = true;
        await inner.HandleAsync(
            passed =>
            {
                isRefused = false;
                return next(passed);
            },
            context,
            policy,
            authorizeResult).ConfigureAwait(false);
        if (isRefused)
        {
            outcomes.RefusedOutside(context, pipeline, Name, authorizeResult.Forbidden ? RejectionReason.Forbidden : RejectionReason.Unauthenticated);
        }
    }

    private static IAuthorizationMiddlewareResultHandler Create(ServiceDescriptor? known, IServiceProvider provider) => known switch
    {
        { ImplementationInstance: IAuthorizationMiddlewareResultHandler instance } => instance,
        { ImplementationFactory: { } factory } => (IAuthorizationMiddlewareResultHandler)factory(provider),
        { ImplementationType: { } type } => (IAuthorizationMiddlewareResultHandler)ActivatorUtilities.CreateInstance(provider, type),
        _ => new AuthorizationMiddlewareResultHandler(),
    };
}
