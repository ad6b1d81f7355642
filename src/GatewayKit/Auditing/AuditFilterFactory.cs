using GatewayKit.Auditing.Bodies;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Auditing;

internal sealed class AuditFilterFactory(AuditTrail trail) : GatewayFilterFactory<AuditPolicy>, IAccessGateFactory, IArrivalFactory
{
    // The request's record was begun in front of everything (AuditHook); here it learns what it is a record of.
    protected override EndpointFilterDelegate Create(AuditPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next)
    {
        var audited = new AuditedEndpoint(policy, endpoint);
        return audited.Bodies is { } bodies ? WithBodies(bodies) : invocation =>
        {
            var context = GatewayContext.From(invocation);
            context.KeepRecord(trail.RecordOf(context, audited), policy);
            return next(invocation);
        };

        EndpointFilterDelegate WithBodies(RecordedBodies bodies) => invocation =>
        {
            var context = GatewayContext.From(invocation);
            var record = trail.RecordOf(context, audited);
            context.KeepRecord(record, policy);
            if (ReferenceEquals(record.Endpoint, audited))
            {
                bodies.WatchRequest(record, endpoint.IsRoute);
                bodies.WatchResponse(record);
            }

            return next(invocation);
        };
    }

    EndpointFilterDelegate IAccessGateFactory.CreateGate(IGatewayPolicy policy, EndpointFilterDelegate pass)
    {
        var isRequired = AuditedRequest.IsRequired((AuditPolicy)policy);
        return invocation =>
        {
            var context = GatewayContext.From(invocation);
            return context.Record switch
            {
                AuditedRequest { IsRecorded: false } record => record.PassAsync(context, isRequired, pass),

                // A filter has answered without waiting for this. What comes now is in no record.
                null when isRequired => new(context.RefuseUnrecorded()),
                _ => pass(invocation),
            };
        };
    }

    // A handler's parameters are bound from the body before any filter runs.
    Action<HttpContext> IArrivalFactory.CreateArrival(IGatewayPolicy policy)
    {
        var bodies = new RecordedBodies(((AuditPolicy)policy).Body!);
        return httpContext =>
        {
            if (trail.RecordOf(httpContext) is { IsBegun: false } record)
            {
                bodies.WatchRequest(record, isForwarded: false);
            }
        };
    }
}
