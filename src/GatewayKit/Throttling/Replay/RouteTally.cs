using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling.Replay;

/// <summary>Counts what became of the requests of one route.</summary>
internal sealed class RouteTally(ReplayEndpoint endpoint)
{
    private readonly PolicyTally[] _policies = [.. endpoint.Pipeline.Steps.Zip(endpoint.Settings, static (step, settings) => new PolicyTally(step, settings))];

    public ReplayEndpoint Endpoint => endpoint;

    public ReplayCounts Counts { get; private set; }

    public ReplayOutcome Note(GatewayContext context, AccessRecord record)
    {
        var (outcome, decisions) = (ReplayOutcome.Allowed, context.Decisions);
        for (var i = 0; i < decisions.Count; i++)
        {
            var decision = decisions[i];
            _policies[i].Note(decision, context.HttpContext, record.Time);
            outcome = decision.Outcome switch
            {
                PolicyOutcome.Refused => ReplayOutcome.Refused,
                PolicyOutcome.WouldRefuse when outcome is ReplayOutcome.Allowed => ReplayOutcome.WouldRefuse,
                _ => outcome,
            };
        }

        Counts = Counts.With(outcome, record.WasRefused);
        return outcome;
    }

    public ReplayRouteReport Report(int topKeys, Func<string, string> nameKey) => new()
    {
        Route = endpoint.Pipeline.Endpoint.RouteId,
        Counts = Counts,
        Policies = [.. _policies.Where(static policy => policy.IsOfLimit).Select(policy => policy.Report(topKeys, nameKey))],
        NotReplayed = endpoint.NotReplayed,
    };
}
