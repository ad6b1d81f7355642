using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using GatewayKit.Pipeline;
using GatewayKit.Resilience.Faults;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Polly;
using Polly.Simmy;
using Polly.Simmy.Fault;
using Polly.Simmy.Latency;
using Polly.Simmy.Outcomes;

namespace GatewayKit.Forwarding.Attempts;

/// <summary>
/// Injects faults around single attempts, by Polly's chaos strategies: a delay, then an answer or a failure in place of the destination's. A host that
/// does not allow faults asks one field.
/// </summary>
internal sealed class AttemptFaults(IOptions<GatewayOptions> options, TimeProvider time)
{
    private readonly bool _isAllowed = options.Value.FaultInjection;
    private readonly ConditionalWeakTable<FaultState, ResiliencePipeline<AttemptResult>> _strategies = [];

    /// <returns><see langword="null"/> if the request meets none.</returns>
    public FaultInjection? Of(HttpContext httpContext) => _isAllowed && httpContext.Features.Get<FaultRecord>() is { } record
        ? new(record, _strategies.GetValue(record.State, Build), GrpcCall.Is(httpContext.Request), time)
        : null;

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "Polly validates the annotations of its own options, which it keeps.")]
    private ResiliencePipeline<AttemptResult> Build(FaultState state)
    {
        var policy = state.Policy;
        var once = policy.Draw is FaultDraw.PerRequest;
        var builder = new ResiliencePipelineBuilder<AttemptResult> { TimeProvider = time, Name = "Faults" };
        if (policy.Delay is { } delay)
        {
            // No delay is what the strategy takes for nothing to do.
            builder.AddChaosLatency(new ChaosLatencyStrategyOptions
            {
                InjectionRate = RateOf(delay.Percent),
                Randomizer = state.Next,
                EnabledGenerator = arguments => new(!once || Of(arguments.Context).Record.Delays),
                LatencyGenerator = arguments => new(Of(arguments.Context).Record.TryInject(InjectedFaults.Delay) ? delay.Time : TimeSpan.Zero),
            });
        }

        if (policy.Abort is { Reset: true } reset)
        {
            builder.AddChaosFault(new ChaosFaultStrategyOptions
            {
                InjectionRate = RateOf(reset.Percent),
                Randomizer = state.Next,
                EnabledGenerator = arguments => new(!once || Of(arguments.Context).Record.Aborts),
                FaultGenerator = static arguments => new(Of(arguments.Context).Record.TryInject(InjectedFaults.Abort)
                    ? new HttpIOException(HttpRequestError.ResponseEnded, "The connection was cut off on purpose.")
                    : null),
            });
        }
        else if (policy.Abort is { } abort)
        {
            builder.AddChaosOutcome(new ChaosOutcomeStrategyOptions<AttemptResult>
            {
                InjectionRate = RateOf(abort.Percent),
                Randomizer = state.Next,
                EnabledGenerator = arguments => new(!once || Of(arguments.Context).Record.Aborts),
                OutcomeGenerator = arguments => Of(arguments.Context) is var attempt && attempt.Record.TryInject(InjectedFaults.Abort)
                    ? new(Outcome.FromResult(AttemptResult.FromAnswer(AnswerOf(abort, attempt.IsGrpc))))
                    : new((Outcome<AttemptResult>?)null),
            });
        }

        return builder.Build();

        // What was drawn once for the request is not drawn again.
        double RateOf(double percent) => once ? 1 : percent / 100;
    }

    private static FaultInjection Of(ResilienceContext context) => context.Properties.GetValue(FaultInjection.Key, null!);

    private static HttpResponseMessage AnswerOf(FaultAbort abort, bool isGrpc)
    {
        if (!isGrpc)
        {
            return new((HttpStatusCode)abort.Status);
        }

        // One block of fields that is head and trailers at once (gRPC over HTTP/2, Trailers-Only).
        var answer = new HttpResponseMessage(HttpStatusCode.OK) { Version = HttpVersion.Version20 };
        answer.Content.Headers.ContentType = new MediaTypeHeaderValue(GrpcCall.ContentType);
        answer.Headers.TryAddWithoutValidation("grpc-status", (abort.GrpcStatus ?? GrpcCall.StatusOf(abort.Status)).ToString(CultureInfo.InvariantCulture));
        return answer;
    }
}
