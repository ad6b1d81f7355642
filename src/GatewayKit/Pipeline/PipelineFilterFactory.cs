using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.Pipeline;

/// <summary>
/// The gateway's one entry among an endpoint's filter factories, at the place of the first <c>With…</c> (A5). It captures the builder,
/// because the factory context does not show the metadata (A9).
/// </summary>
internal sealed class PipelineFilterFactory(EndpointBuilder builder)
{
    /// <summary>Adds the entry unless the endpoint has it already.</summary>
    public static void AddTo(EndpointBuilder builder)
    {
        if (!IsIn(builder))
        {
            builder.FilterFactories.Add(new PipelineFilterFactory(builder).Create);
        }
    }

    /// <summary>Puts the entry in front of all others unless the endpoint has it already.</summary>
    public static void InsertInto(EndpointBuilder builder)
    {
        if (!IsIn(builder))
        {
            builder.FilterFactories.Insert(0, new PipelineFilterFactory(builder).Create);
        }
    }

    private static bool IsIn(EndpointBuilder builder) => builder.FilterFactories.Any(static factory => factory.Target is PipelineFilterFactory);

    private EndpointFilterDelegate Create(EndpointFilterFactoryContext context, EndpointFilterDelegate next)
    {
        var composer = context.ApplicationServices.GetService<PipelineComposer>()
            ?? throw new InvalidOperationException(
                $"Endpoint '{builder.DisplayName}' has gateway policies, but the gateway is not registered. Call builder.Services.AddApiGateway().");
        return builder.Metadata.Last<IGatewayRouteIdentity>() is not null
            ? composer.Compose(builder, next, out _)
            : context.ApplicationServices.GetRequiredService<HostPipeline>().Compose(builder, next);
    }
}
