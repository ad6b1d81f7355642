using System.Runtime.CompilerServices;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Resilience.Admission;

/// <summary>Lets only a part of the requests through while an endpoint fails.</summary>
internal sealed class AdmissionFilterFactory(Admissions admissions, EndpointResults results, TimeProvider time) : GatewayFilterFactory<AdmissionPolicy>
{
    private static readonly GatewayProblem HeldBack = new(RejectionReason.Overloaded, retryAfter: TimeSpan.FromSeconds(1)) { Cause = OverloadCauses.AdmissionShed };

    // Who is blameless and who was never there is told as for a circuit breaker; what counts as a failure is not.
    private static readonly CircuitBreakerPolicy Rules = new() { CountServerErrors = true };

    // Runs whenever an endpoint is built, which is more than once (A7): results are counted by the singleton.
    protected override EndpointFilterDelegate Create(AdmissionPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next)
    {
        var entry = admissions.For(endpoint, policy);
        return context => entry.Control.TryEnter() ? Run(entry, GatewayContext.From(context), next) : new(HeldBack);
    }

    private ValueTask<object?> Run(Admissions.Entry entry, GatewayContext context, EndpointFilterDelegate next)
    {
        var began = time.GetTimestamp();
        ValueTask<object?> answer;
        try
        {
            answer = next(context);
        }
        catch (Exception exception)
        {
            Count(entry, results.Of(context, exception, began));
            throw;
        }

        return answer.IsCompletedSuccessfully ? new(Count(entry, context, answer.Result, began)) : AwaitAsync(entry, context, answer, began);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<object?> AwaitAsync(Admissions.Entry entry, GatewayContext context, ValueTask<object?> answer, long began)
    {
        object? result;
        try
        {
            result = await answer.ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Count(entry, results.Of(context, exception, began));
            throw;
        }

        return Count(entry, context, result, began);
    }

    private object? Count(Admissions.Entry entry, GatewayContext context, object? result, long began)
    {
        var said = results.Of(context, result, Rules, began);
        if (said is CallResult.Success && !AdmissionResults.IsSuccess(context, result))
        {
            said = CallResult.Failure;
        }
        else if (said is CallResult.Neutral && result is not GatewayProblem && !context.HttpContext.RequestAborted.IsCancellationRequested)
        {
            // 429 by the endpoint itself: it had the time to say so.
            said = CallResult.Success;
        }

        Count(entry, said);
        return result;
    }

    private static void Count(Admissions.Entry entry, CallResult said)
    {
        if (said is not CallResult.Neutral)
        {
            entry.Control.Count(said is CallResult.Success);
        }
    }
}
