using System.Runtime.CompilerServices;
using GatewayKit.Identity.OwnCalls;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Identity.ExternalAuthorization;

/// <summary>Has a service decide about requests to one endpoint, and does what it says.</summary>
internal sealed class ExternalAuthorizationCheck(ExternalAuthorizationPolicy policy, GatewayEndpoint endpoint, AuthorizationServices services, AuthorizationService service)
{
    private static readonly GatewayProblem Looped = new(RejectionReason.LoopDetected, "The authorization service is asked by way of an endpoint that asks it.") { Cause = "external-authorization" };
    private static readonly GatewayProblem TooLarge = new(RejectionReason.BodyTooLarge, "The body is too large to be authorized.") { Cause = "external-authorization" };
    private static readonly GatewayProblem ClientAborted = new(RejectionReason.ClientAborted);

    private readonly QuestionBuilder _questions = new(policy, endpoint, services.TrustedProxies);
    private readonly AnswerProblems _problems = new(services.Challenge);
    private readonly bool _isEnforced = policy.Mode is PolicyMode.Enforce;

    /// <summary>Whether a request has anything that the service could know its caller by.</summary>
    public bool IsAsked(HttpContext httpContext) => _questions.HasAny(httpContext.Request);

    /// <summary>The link that lets requests through as the service says.</summary>
    public EndpointFilterDelegate LinkTo(EndpointFilterDelegate next)
    {
        return invocation =>
        {
            var context = GatewayContext.From(invocation);
            var deciding = DecideAsync(context);
            return !deciding.IsCompletedSuccessfully ? AwaitAsync(deciding, context)
                : Pass(context, deciding.Result) is { } problem ? new(problem)
                : next(context);
        };

        async ValueTask<object?> AwaitAsync(ValueTask<Decision> deciding, GatewayContext context) =>
            Pass(context, await deciding.ConfigureAwait(false)) ?? await next(context).ConfigureAwait(false);
    }

    /// <summary>What the service says of a request.</summary>
    public ValueTask<Decision> DecideAsync(GatewayContext context)
    {
        var httpContext = context.HttpContext;
        if (services.Marker.IsOn(httpContext.Request))
        {
            services.Metrics.Looped(endpoint.RouteId);
            return new(Refuse(Looped));
        }

        if (_questions.TryBuild(httpContext, out var question) is { } problem)
        {
            return new(Refuse(problem));
        }

        if (policy.MaxBodyBytes > 0 && WholeBody.IsExpected(httpContext))
        {
            return ShowAsync(httpContext, question);
        }

        return service.Find(question, out var key) is { } kept ? new(new Decision(kept, null)) : AskAsync(httpContext, question, key);
    }

    /// <summary>Lets a request through: with what the service says for the destination and for the client. What is only tried changes nothing.</summary>
    public void Apply(GatewayContext context, AuthorizationAnswer? answer)
    {
        if (!_isEnforced)
        {
            return;
        }

        if ((answer is null ? service.Reader.Nothing : answer.ForDestination) is { } transform)
        {
            if (endpoint.IsRoute)
            {
                context.AddForwardTransform(transform);
            }
            else
            {
                transform.Apply(context.HttpContext.Request);
            }
        }

        if (answer is { ForClient.Length: > 0 })
        {
            AnswerProblems.WriteAtStart(context.HttpContext, answer.ForClient);
        }
    }

    /// <summary>The refusal of a request that an answer does not let through.</summary>
    public GatewayProblem Refuse(AuthorizationAnswer answer, HttpContext httpContext) => Refuse(_problems.Of(answer, httpContext)).Problem!;

    private GatewayProblem? Pass(GatewayContext context, Decision decision)
    {
        if (decision.Answer is not { } answer)
        {
            return decision.Problem;
        }

        if (answer.Verdict is not AuthorizationVerdict.Allowed)
        {
            return Refuse(answer, context.HttpContext);
        }

        services.Metrics.Checked("accepted", "none");
        Apply(context, answer);
        return null;
    }

    private async ValueTask<Decision> ShowAsync(HttpContext httpContext, AuthorizationQuestion question) =>
        await ShownBody.ReadAsync(httpContext, policy.MaxBodyBytes).ConfigureAwait(false) is not { } body
            ? Refuse(TooLarge)
            : await AskAsync(httpContext, question with { Body = body }, key: null).ConfigureAwait(false);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Decision> AskAsync(HttpContext httpContext, AuthorizationQuestion question, TokenHash? key)
    {
        try
        {
            return new(await service.AskAsync(question, key, httpContext.RequestAborted).ConfigureAwait(false), null);
        }
        catch (OperationCanceledException) when (httpContext.RequestAborted.IsCancellationRequested)
        {
            return Refuse(ClientAborted);
        }
        catch (OperationCanceledException)
        {
            // The host stops.
            return new(AuthorizationAnswer.GivenUp, null);
        }
    }

    private Decision Refuse(GatewayProblem problem)
    {
        services.Metrics.Checked("refused", problem.Cause ?? problem.Reason.Code);
        return new(null, problem);
    }

    /// <summary>What came of a question: an answer, or why there was none to be had.</summary>
    internal readonly record struct Decision(AuthorizationAnswer? Answer, GatewayProblem? Problem);
}
