using GatewayKit.Identity.Consumers;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Identity.ApiKeys;

/// <summary>Looks at the API keys of requests to one endpoint.</summary>
internal sealed class ApiKeyCheck
{
    private static readonly GatewayProblem Twice = new(RejectionReason.DuplicateCredential) { Cause = "twice" };

    // By verdict. One answer to all; what exactly is wrong is for logs and metrics.
    private static readonly string[] Causes = ["right", "malformed", "unknown", "wrong-secret", "expired", "revoked", "suspended"];

    private readonly ApiKeyChecker _checker;
    private readonly ApiKeyPlace _place;
    private readonly GatewayEndpoint _endpoint;
    private readonly bool _isEnforced;
    private readonly string[] _scopes;
    private readonly GatewayProblem[] _refusals;
    private readonly GatewayProblem _lacksScope, _notSubscribed, _unavailable;

    /// <param name="checker">What endpoints have in common.</param>
    /// <param name="policy">What this one asks for.</param>
    /// <param name="endpoint">Which one it is.</param>
    /// <param name="realm">What challenges call the place.</param>
    public ApiKeyCheck(ApiKeyChecker checker, ApiKeyPolicy policy, GatewayEndpoint endpoint, string realm)
    {
        (_checker, _endpoint, _isEnforced, _scopes) = (checker, endpoint, policy.Mode is PolicyMode.Enforce, [.. policy.Scopes]);
        _place = new(policy.Header, policy.QueryParameter, checker.Prefix);
        var challenge = ChallengeOf(policy, realm);
        _refusals = Array.ConvertAll(Causes, cause => new GatewayProblem(RejectionReason.Unauthenticated) { Challenges = [challenge], Cause = cause });
        _lacksScope = new(RejectionReason.Forbidden, $"The key was not granted {(_scopes.Length == 1 ? "the scope" : "all of the scopes")} '{string.Join("', '", _scopes)}'.")
        {
            Challenges = [$"{challenge}, error=\"insufficient_scope\", scope=\"{string.Join(' ', _scopes)}\""],
            Cause = "scope",
        };
        _notSubscribed = new(RejectionReason.NotSubscribed);
        _unavailable = new(RejectionReason.AuthUnavailable, retryAfter: FollowedStore.Period);
    }

    /// <summary>How a client may send a key (RFC 9110 §11.6.1, RFC 6750 §3). There is no registered scheme for keys in fields of their own.</summary>
    public static string ChallengeOf(ApiKeyPolicy policy, string realm) =>
        string.Equals(policy.Header, "Authorization", StringComparison.OrdinalIgnoreCase) ? $"Bearer realm=\"{realm}\"" : $"ApiKey realm=\"{realm}\"";

    public ValueTask<AuthenticationOutcome> CheckAsync(GatewayContext context)
    {
        switch (_place.Find(context.HttpContext.Request, out var text))
        {
            case ApiKeyPresence.Absent:
                _checker.Metrics.Checked(ApiKeyChecker.Method, "absent", "none");
                return default;
            case ApiKeyPresence.Twice:
                Withhold(context);
                _checker.Metrics.Checked(ApiKeyChecker.Method, "refused", "twice");
                return new(AuthenticationOutcome.Refuse(Twice));
        }

        Withhold(context);
        Span<byte> buffer = stackalloc byte[ApiKeyText.MaxLength];
        if (!ApiKeyText.TryRead(text, _checker.Prefix, buffer, out var id, out var secret))
        {
            return new(Refuse(context, KeyVerdict.Malformed, null));
        }

        if (_checker.Directory.TryFind(CredentialKind.ApiKey, id, out var credential))
        {
            return new(Judge(context, credential, secret));
        }

        CountedAttempt? counted = null;
        if (!_checker.Directory.WasThere(CredentialKind.ApiKey, id))
        {
            if (!_checker.Guesses.TryAsk(context, out var asked, out var wait))
            {
                return new(Limit(wait));
            }

            counted = asked;
        }

        return AskAsync(context, id.ToString(), secret.ToArray(), counted);
    }

    // What is only tried takes nothing from a request.
    private void Withhold(GatewayContext context)
    {
        if (_isEnforced)
        {
            _place.Withhold(context);
        }
    }

    // What was counted when it was asked about stays counted if it is wrong, and if the client does not wait to hear that.
    private async ValueTask<AuthenticationOutcome> AskAsync(GatewayContext context, string id, byte[] secret, CountedAttempt? counted)
    {
        KnownCredential credential;
        try
        {
            credential = await _checker.Directory.AskAsync(CredentialKind.ApiKey, id, context.HttpContext.RequestAborted).ConfigureAwait(false);
        }
        catch (ConsumerStoreException)
        {
            GiveBack(counted);
            _checker.Metrics.Checked(ApiKeyChecker.Method, "refused", "unavailable");
            return AuthenticationOutcome.Refuse(_unavailable);
        }

        return Judge(context, credential, secret, counted);
    }

    private void GiveBack(CountedAttempt? counted)
    {
        if (counted is { } asked)
        {
            _checker.Guesses.GiveBack(asked);
        }
    }

    private AuthenticationOutcome Judge(GatewayContext context, KnownCredential credential, ReadOnlySpan<byte> secret, CountedAttempt? counted = null)
    {
        var now = _checker.Time.GetUtcNow();
        var verdict = _checker.Verifier.Verify(credential, secret, now);
        if (verdict is not KeyVerdict.Right)
        {
            return Refuse(context, verdict, credential, counted);
        }

        GiveBack(counted);
        if (!credential.TryResolve(_endpoint, now, out var consumer))
        {
            _checker.Metrics.Checked(ApiKeyChecker.Method, "refused", "not-subscribed");
            return AuthenticationOutcome.Refuse(_notSubscribed);
        }

        foreach (var scope in _scopes)
        {
            if (!consumer.HasScope(scope))
            {
                _checker.Metrics.Checked(ApiKeyChecker.Method, "refused", "scope");
                return AuthenticationOutcome.Refuse(_lacksScope);
            }
        }

        _checker.Metrics.Checked(ApiKeyChecker.Method, "accepted", "none");
        return AuthenticationOutcome.Accept(consumer);
    }

    private AuthenticationOutcome Refuse(GatewayContext context, KeyVerdict verdict, KnownCredential? credential, CountedAttempt? counted = null)
    {
        _checker.Metrics.Checked(ApiKeyChecker.Method, "refused", Causes[(int)verdict]);
        if (credential is not null && _checker.Metrics.CountsFailures)
        {
            _checker.Metrics.Failed(ApiKeyChecker.Method, credential.Standing is CredentialStanding.Unknown ? IdentityMetrics.Unknown : credential.Key!.Id);
        }

        // What is only tried may be keys of the destination's own: they count against nobody.
        if (!_isEnforced)
        {
            GiveBack(counted);
        }

        var wait = TimeSpan.Zero;
        return !_isEnforced || counted is not null || _checker.Guesses.TryCount(context, out wait) ? AuthenticationOutcome.Refuse(_refusals[(int)verdict]) : Limit(wait);
    }

    private AuthenticationOutcome Limit(TimeSpan wait)
    {
        _checker.Metrics.Checked(ApiKeyChecker.Method, "refused", "limited");
        return _checker.Guesses.Refuse("keys", _endpoint.RouteId, wait);
    }
}
