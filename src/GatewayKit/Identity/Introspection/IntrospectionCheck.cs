using GatewayKit.Identity.Consumers;
using GatewayKit.Identity.OwnCalls;
using GatewayKit.Identity.Schemes;
using GatewayKit.Pipeline;
using Microsoft.Net.Http.Headers;

namespace GatewayKit.Identity.Introspection;

/// <summary>Looks at the bearer tokens of requests to one endpoint.</summary>
internal sealed class IntrospectionCheck(
    IntrospectionPolicy policy, GatewayEndpoint endpoint, IntrospectedTokens tokens, ConsumerDirectory directory, Guesses guesses, string keyPrefix, string challenge, IdentityMetrics metrics, TimeProvider time)
{
    // What metrics call it.
    private const string Method = "introspection";

    private static readonly AuthenticationOutcome Twice = AuthenticationOutcome.Refuse(new(RejectionReason.DuplicateCredential) { Cause = "twice" });
    private static readonly AuthenticationOutcome StoreDown = AuthenticationOutcome.Refuse(new(RejectionReason.AuthUnavailable, retryAfter: TimeSpan.FromSeconds(1)) { Cause = "store-unavailable" });

    // RFC 6750 §3.1. Of scopes nothing but what the policy checked can be in it.
    private readonly VouchedCallers _callers = new(
        policy.Scopes,
        policy.RequireRegistered,
        AuthenticationOutcome.Refuse(new(RejectionReason.Forbidden) { Cause = "insufficient-scope", Challenges = [$"{challenge}, error=\"insufficient_scope\", scope=\"{string.Join(' ', policy.Scopes)}\""] }),
        endpoint,
        directory);

    private readonly string[] _invalid = [$"{challenge}, error=\"invalid_token\""];
    private readonly bool _isEnforced = policy.Mode is PolicyMode.Enforce;

    public ValueTask<AuthenticationOutcome> RunAsync(GatewayContext context) => metrics.CountAsync(Method, FindAsync(context));

    private ValueTask<AuthenticationOutcome> FindAsync(GatewayContext context)
    {
        switch (BearerToken.Find(context.HttpContext.Request.Headers.Authorization, keyPrefix, out var text))
        {
            case BearerPresence.Absent:
                return default;
            case BearerPresence.Twice:
                return new(Twice);
            case BearerPresence.Malformed:
                return new(Refuse(context, "malformed"));
        }

        var hash = TokenHash.Of(text);
        if (tokens.TryFind(hash, text, out var known))
        {
            return JudgeAsync(context, known);
        }

        if (tokens.HasHeld(hash))
        {
            return AskAsync(context, hash, text.ToString());
        }

        return guesses.TryAsk(context, out var counted, out var wait) ? AskCountedAsync(context, hash, text.ToString(), counted) : new(guesses.Refuse("tokens", endpoint.RouteId, wait));
    }

    private async ValueTask<AuthenticationOutcome> AskAsync(GatewayContext context, TokenHash hash, string text)
    {
        var (said, problem) = await Patience.WaitAsync(context, tokens.AskAsync(hash, text), time).ConfigureAwait(false);
        return problem is not null ? AuthenticationOutcome.Refuse(problem)
            : said.Token is { } token ? await JudgeAsync(context, token).ConfigureAwait(false)
            : Unavailable(said);
    }

    // Counted as wrong until it turns out not to be. A client that does not wait to hear that has asked all the same, and so has one whose token is what the server stumbles over.
    private async ValueTask<AuthenticationOutcome> AskCountedAsync(GatewayContext context, TokenHash hash, string text, CountedAttempt counted)
    {
        var asking = tokens.AskAsync(hash, text, context.HttpContext.Connection.RemoteIpAddress);
        var (said, problem) = await Patience.WaitAsync(context, asking, time).ConfigureAwait(false);
        var isWrong = problem is not null || (said.Token is { } known ? known.Fault is not null : IsOfToken(said.Failure));
        if (!_isEnforced || !isWrong)
        {
            guesses.GiveBack(counted);
        }

        return problem is not null ? AuthenticationOutcome.Refuse(problem)
            : said.Token is not { } token ? Unavailable(said)
            : token.Fault is { } fault ? Invalid(fault)
            : await JudgeAsync(context, token).ConfigureAwait(false);
    }

    // Others say nothing of the token that was asked about.
    private static bool IsOfToken(CallFailure failure) =>
        failure is CallFailure.ServerError or CallFailure.Refused or CallFailure.SubjectRefused or CallFailure.Malformed or CallFailure.TooLarge or CallFailure.Timeout;

    private static AuthenticationOutcome Unavailable(IntrospectionResult said) =>
        AuthenticationOutcome.Refuse(new(RejectionReason.AuthUnavailable, retryAfter: said.RetryAfter) { Cause = CallFailures.NameOf(said.Failure) });

    private ValueTask<AuthenticationOutcome> JudgeAsync(GatewayContext context, IntrospectedToken token)
    {
        if (token.Fault is { } fault)
        {
            return new(Refuse(context, fault));
        }

        var finding = directory.FindAsync(CredentialKind.Identity, token.Identity, context.HttpContext.RequestAborted);
        return finding.IsCompletedSuccessfully ? new(Accept(context, token, finding.Result)) : AwaitAsync(context, token, finding);
    }

    private async ValueTask<AuthenticationOutcome> AwaitAsync(GatewayContext context, IntrospectedToken token, ValueTask<KnownCredential?> finding)
    {
        try
        {
            return Accept(context, token, await finding.ConfigureAwait(false));
        }
        catch (ConsumerStoreException)
        {
            return StoreDown;
        }
    }

    private AuthenticationOutcome Accept(GatewayContext context, IntrospectedToken token, KnownCredential? known)
    {
        var outcome = _callers.Resolve(known, token.Identity, token.Scopes);
        if (outcome.Consumer is not { } consumer)
        {
            return outcome;
        }

        if (_isEnforced)
        {
            context.HttpContext.User = token.Principal!;
            if (!policy.ForwardToken)
            {
                context.Withheld.Add(HeaderNames.Authorization);
            }
        }

        // Also one that is only tried: what else is tried may ask for its claims.
        return AuthenticationOutcome.Accept(consumer.FoundBy(token.Principal!));
    }

    // What is only tried may be tokens of another server: they count against nobody.
    private AuthenticationOutcome Refuse(GatewayContext context, string cause)
    {
        var wait = TimeSpan.Zero;
        return !_isEnforced || guesses.TryCount(context, out wait) ? Invalid(cause) : guesses.Refuse("tokens", endpoint.RouteId, wait);
    }

    private AuthenticationOutcome Invalid(string cause) => AuthenticationOutcome.Refuse(new(RejectionReason.Unauthenticated) { Cause = cause, Challenges = _invalid });
}
