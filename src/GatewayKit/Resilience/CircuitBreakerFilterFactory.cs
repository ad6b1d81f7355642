using System.Runtime.CompilerServices;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Resilience;

/// <summary>Leaves an endpoint alone while it fails.</summary>
internal sealed class CircuitBreakerFilterFactory(EndpointCircuits circuits, EndpointResults results, TimeProvider time) : GatewayFilterFactory<CircuitBreakerPolicy>
{
    // One that tries whether it is well again, or recovers, has a place any moment.
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    // Runs whenever an endpoint is built, which is more than once (A7): state comes from the singleton, never from here.
    protected override EndpointFilterDelegate Create(CircuitBreakerPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next)
    {
        var circuit = circuits.For(endpoint, policy);
        var buildNumber = circuit.BuildNumber;
        return context =>
        {
            circuit.Serve(buildNumber);
            return circuit.Breaker.TryEnter(out var permit, isOnly: true) ? Call(circuit.Breaker, permit, GatewayContext.From(context), next) : Refuse(circuit.Breaker);
        };
    }

    private ValueTask<object?> Call(CircuitBreaker circuit, CircuitPermit permit, GatewayContext context, EndpointFilterDelegate next)
    {
        var began = time.GetTimestamp();
        ValueTask<object?> answer;
        try
        {
            answer = next(context);
        }
        catch (Exception exception)
        {
            circuit.Leave(permit, results.Of(context, exception, began), time.GetElapsedTime(began));
            throw;
        }

        return answer.IsCompletedSuccessfully
            ? new(Leave(circuit, permit, context, answer.Result, began))
            : AwaitAsync(circuit, permit, context, answer, began);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<object?> AwaitAsync(CircuitBreaker circuit, CircuitPermit permit, GatewayContext context, ValueTask<object?> answer, long began)
    {
        object? result;
        try
        {
            result = await answer.ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            circuit.Leave(permit, results.Of(context, exception, began), time.GetElapsedTime(began));
            throw;
        }

        return Leave(circuit, permit, context, result, began);
    }

    private object? Leave(CircuitBreaker circuit, CircuitPermit permit, GatewayContext context, object? result, long began)
    {
        var retryAfter = result is GatewayProblem { StatusCode: StatusCodes.Status503ServiceUnavailable } problem ? problem.RetryAfter : null;
        circuit.Leave(permit, results.Of(context, result, circuit.Policy, began), time.GetElapsedTime(began), retryAfter);
        return result;
    }

    // RFC 9110 §15.6.4
    private static ValueTask<object?> Refuse(CircuitBreaker circuit)
    {
        TimeSpan? wait = circuit.State switch
        {
            CircuitState.Open => circuit.RetryAfter,
            CircuitState.Isolated => null,
            _ => Soon,
        };
        return new(new GatewayProblem(RejectionReason.CircuitOpen, retryAfter: wait));
    }
}
