using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Resilience.Bulkheads;

/// <summary>
/// A request at an endpoint that will say how much the endpoint can have in flight: when its pipeline has returned and the head of its answer is on its
/// way, whichever is later. Only then it is known to be no stream. Belongs to its request.
/// </summary>
internal sealed class EndpointSample(EndpointResults results, PlaceTerms terms, Places places, HttpResponse response, TimeProvider time)
{
    // What counts is said by the reasons and statuses here, not by anyone's circuit breaker.
    private static readonly CircuitBreakerPolicy Rules = new();

    private readonly long _began = time.GetTimestamp();
    private bool _hasStarted = response.HasStarted;
    private TimeSpan? _headTime;
    private LimitSample? _sample;

    /// <summary>The head of the answer is on its way.</summary>
    public void Starts()
    {
        // A handler that writes by itself returns when all is written.
        _headTime ??= time.GetElapsedTime(_began);
        _hasStarted = true;
        Settle();
    }

    /// <summary>The pipeline has returned.</summary>
    public void Returns(GatewayContext context, object? result)
    {
        _headTime ??= time.GetElapsedTime(_began);
        _sample = Of(context, result, results.Of(context, result, Rules, _began));
        Settle();
    }

    /// <summary>The pipeline has thrown. Only a deadline that passed tells of capacity.</summary>
    public void Throws(GatewayContext context, Exception exception)
    {
        if (context.HttpContext.RequestAborted.IsCancellationRequested && results.Of(context, exception, _began) is CallResult.Failure)
        {
            terms.Observe(LimitSample.Drop, headTime: null, places.Taken);
        }
    }

    private static LimitSample Of(GatewayContext context, object? result, CallResult said) => (said, result) switch
    {
        (CallResult.Neutral, _) => LimitSample.None,
        (CallResult.Failure, _) when context.HttpContext.RequestAborted.IsCancellationRequested => LimitSample.Drop,

        // Of what the gateway says itself, only what it says of a destination or of the time that has passed.
        (CallResult.Failure, GatewayProblem problem) => problem.Reason == RejectionReason.UpstreamTimeout || problem.Reason == RejectionReason.DeadlineExceeded
            || problem.Reason == RejectionReason.UpstreamConnect ? LimitSample.Drop : LimitSample.None,
        _ => GatewayResults.StatusOf(context.HttpContext, result) switch
        {
            StatusCodes.Status503ServiceUnavailable or StatusCodes.Status504GatewayTimeout => LimitSample.Drop,
            >= StatusCodes.Status500InternalServerError => LimitSample.None,
            _ => LimitSample.Answer,
        },
    };

    private void Settle()
    {
        if (_sample is { } sample && (_hasStarted || sample is LimitSample.Drop))
        {
            _sample = null;
            if (!LongLived.IsEventStream(response.ContentType))
            {
                terms.Observe(sample, _headTime, places.Taken);
            }
        }
    }
}
