using GatewayKit.Pipeline;
using GatewayKit.Resilience.Faults;
using Polly;

namespace GatewayKit.Forwarding.Attempts;

/// <summary>The faults of one attempt: what was drawn for its request, and the strategies that inject it.</summary>
internal sealed class FaultInjection(FaultRecord record, ResiliencePipeline<AttemptResult> strategies, bool isGrpc, TimeProvider time)
{
    /// <summary>Where the strategies find the faults of the attempt they are around.</summary>
    public static readonly ResiliencePropertyKey<FaultInjection> Key = new("GatewayKit.Faults");

    public FaultRecord Record => record;

    public bool IsGrpc => isGrpc;

    public async ValueTask<Outcome<AttemptResult>> SendAsync(ResilienceContext context, Sending sending)
    {
        context.Properties.Set(Key, this);
        var outcome = await strategies.ExecuteOutcomeAsync(Sending.SendOnAsync, context, sending).ConfigureAwait(false);
        var (state, rate) = (record.State, record.State.Policy.BodyRate);
        if (rate is not null && sending.IsLatest(outcome)
            && (state.Policy.Draw is FaultDraw.PerRequest ? record.IsSlow : state.Draw(rate.Percent)) && record.TryInject(InjectedFaults.BodyRate))
        {
            var answer = outcome.Result.Answer!;
            answer.Content = new PacedContent(answer.Content, rate.BytesPerSecond, time);
        }

        return outcome;
    }
}
