using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace GatewayKit.Throttling.Replay;

/// <summary>Says who called, with the plan of that name.</summary>
/// <param name="plans">Finds a plan of a product, or of none.</param>
internal sealed class RecordedCallerFilterFactory(RecordedPlans plans) : GatewayFilterFactory<RecordedCallerPolicy>
{
    protected override EndpointFilterDelegate Create(RecordedCallerPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next) => invocation =>
    {
        var context = GatewayContext.From(invocation);
        if (context.HttpContext.Features.GetRequiredFeature<ReplayRequest>().Record is { Consumer: { Length: > 0 } id } record)
        {
            context.Consumer = new(id)
            {
                ApplicationId = record.Application,
                ProductId = record.Product,
                Plan = plans(record.Product, record.Plan),
                Principal = context.HttpContext.User,
                Subscription = GatewayConsumer.SubscriptionOf(id, record.Application, record.Product),
            };
        }

        return next(context);
    };
}

/// <summary>Finds the limits of a plan.</summary>
/// <param name="product">The id of the product, if there is one.</param>
/// <param name="plan">The id of the plan, if there is one.</param>
internal delegate Plan? RecordedPlans(string? product, string? plan);
