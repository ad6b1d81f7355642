using System.Runtime.CompilerServices;
using System.Text;
using GatewayKit.Identity.Consumers;
using GatewayKit.Identity.Signatures;
using GatewayKit.Pipeline;

namespace GatewayKit.Identity.RequestSignatures;

/// <summary>Looks at the signatures of requests to one endpoint.</summary>
internal sealed class SignatureCheck(SignaturePolicy policy, GatewayEndpoint endpoint, SignatureServices services, IReadOnlyList<string> challenges)
{
    // What metrics call it.
    private const string Method = "signature";

    private static readonly GatewayProblem StoreDown = new(RejectionReason.AuthUnavailable, retryAfter: TimeSpan.FromSeconds(1)) { Cause = "store-unavailable" };
    private static readonly GatewayProblem NoSecret = new(RejectionReason.AuthUnavailable, retryAfter: TimeSpan.FromSeconds(1)) { Cause = "no-secret" };
    private static readonly GatewayProblem TooLarge = new(RejectionReason.BodyTooLarge, "The body is too large for its digest to be checked.") { Cause = "digest" };
    private static readonly GatewayProblem LacksScope = new(RejectionReason.Forbidden) { Cause = "insufficient-scope" };
    private static readonly GatewayProblem NotSubscribed = new(RejectionReason.NotSubscribed);

    private readonly SignatureCoverage _coverage = new(policy.Components);
    private readonly GatewayProblem _full = new(RejectionReason.AuthUnavailable, retryAfter: policy.MaxAge) { Cause = "too-many-signatures" };
    private readonly (long MaxAge, long Skew) _seconds = ((long)policy.MaxAge.TotalSeconds, (long)Math.Ceiling(policy.ClockSkew.TotalSeconds));

    public ValueTask<AuthenticationOutcome> RunAsync(GatewayContext context)
    {
        var headers = context.HttpContext.Request.Headers;
        if (headers[RequestSignature.InputName].Count == 0 && headers[RequestSignature.Name].Count == 0)
        {
            services.Metrics.Checked(Method, "absent", "none");
            return default;
        }

        Withhold(context);
        return RunSlowAsync(context);
    }

    // Destinations could take them for requests of their own.
    private void Withhold(GatewayContext context)
    {
        if (context.Enforces(policy))
        {
            context.Withheld.Add(RequestSignature.InputName);
            context.Withheld.Add(RequestSignature.Name);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<AuthenticationOutcome> RunSlowAsync(GatewayContext context)
    {
        KnownCredential? credential = null;
        RequestSignature? signature = null;
        if (RequestSignature.Read(context.HttpContext.Request.Headers, policy.Label) is not { } signatures)
        {
            return Refuse("malformed");
        }

        // Those that stores are asked about count as wrong until one of them turns out to be somebody's.
        var counted = default(CountedAttempts);
        try
        {
            for (var i = 0; i < signatures.Count && credential is null; i++)
            {
                signature = signatures[i];
                if (IsNew(signature.KeyId))
                {
                    if (!services.Guesses.TryAsk(context, out var one, out var wait))
                    {
                        return Limit(wait);
                    }

                    counted[i] = one;
                }

                credential = await services.Directory.FindAsync(CredentialKind.SigningKey, signature.KeyId, context.HttpContext.RequestAborted).ConfigureAwait(false);
            }
        }
        catch (ConsumerStoreException)
        {
            GiveBack(counted);
            return Refuse(StoreDown);
        }

        if (credential is null)
        {
            return RefuseGuess(context, "unknown-key", counted);
        }

        GiveBack(counted);

        var message = new IncomingMessage(context.HttpContext);
        var now = services.Time.GetUtcNow();
        if (FaultOf(credential, signature!.Parameters, now) is { } fault)
        {
            return Refuse(fault);
        }

        if (await services.Keys.GetAsync(credential.SigningKey!, context.HttpContext.RequestAborted).ConfigureAwait(false) is not { } key)
        {
            return Refuse(NoSecret);
        }

        if (signature.Parameters.Algorithm is { } algorithm && algorithm != key.Algorithm)
        {
            return Refuse("algorithm");
        }

        if (!SignatureBase.TryCreate(message, signature.Parameters, out var text, out _))
        {
            return Refuse("not-in-message");
        }

        return !key.Verify(Encoding.ASCII.GetBytes(text), signature.Value) ? RefuseGuess(context, "wrong-signature", default)
            : !credential.TryResolve(endpoint, now, out var consumer) ? Refuse(NotSubscribed)
            : !HasScopes(consumer) ? Refuse(LacksScope)
            : await FinishAsync(context, signature, text, consumer).ConfigureAwait(false);
    }

    private bool IsNew(string keyId) => !services.Directory.TryFind(CredentialKind.SigningKey, keyId, out _) && !services.Directory.WasThere(CredentialKind.SigningKey, keyId);

    // What is only tried may be signed for the destination: it counts against nobody.
    private AuthenticationOutcome RefuseGuess(GatewayContext context, string cause, CountedAttempts counted)
    {
        if (!context.Enforces(policy))
        {
            GiveBack(counted);
            return Refuse(cause);
        }

        return counted.Any || services.Guesses.TryCount(context, out var wait) ? Refuse(cause) : Limit(wait);
    }

    private void GiveBack(CountedAttempts counted)
    {
        for (var i = 0; i < RequestSignature.Most; i++)
        {
            services.Guesses.GiveBack(counted[i]);
        }
    }

    private AuthenticationOutcome Limit(TimeSpan wait)
    {
        services.Metrics.Checked(Method, "refused", "limited");
        return services.Guesses.Refuse("signatures", endpoint.RouteId, wait);
    }

    // What costs memory comes when it is known who asks for it; and a signature is used up when nothing else is wrong.
    private async ValueTask<AuthenticationOutcome> FinishAsync(GatewayContext context, RequestSignature signature, string text, GatewayConsumer consumer)
    {
        var headers = context.HttpContext.Request.Headers;
        var digests = new List<string>(2);
        foreach (var name in (ReadOnlySpan<string>)[SignatureCoverage.ContentDigestName, SignatureCoverage.ReprDigestName])
        {
            if (SignatureCoverage.Covers(signature.Parameters, name))
            {
                digests.Add(string.Join(", ", headers[name].ToArray()));
            }
        }

        // Of a part of something the digest of the whole says nothing here.
        if (policy.RequireDigest && digests.Count == 0 && WholeBody.IsExpected(context.HttpContext))
        {
            return Refuse("no-digest");
        }

        if (digests.Count > 0)
        {
            switch (await SignedBody.CheckAsync(context.HttpContext, digests, policy.MaxBodyBytes).ConfigureAwait(false))
            {
                case BodyVerdict.TooLarge:
                    return Refuse(TooLarge);
                case BodyVerdict.Other:
                    return Refuse("wrong-digest");
            }
        }

        if (policy.RejectReplays)
        {
            // Not the signature itself: who has one by ECDSA can make another of it.
            var parameters = signature.Parameters;
            var what = Encoding.ASCII.GetBytes(parameters.Nonce is { } nonce ? "nonce:" + nonce : "text:" + text);
            switch (services.Replays.Remember(signature.KeyId, what, parameters.Created!.Value + _seconds.MaxAge + _seconds.Skew, policy.MaxRemembered))
            {
                case ReplayVerdict.Again:
                    return Refuse("replayed");
                case ReplayVerdict.Full:
                    return Refuse(_full);
            }
        }

        services.Metrics.Checked(Method, "accepted", "none");
        return AuthenticationOutcome.Accept(consumer);
    }

    private string? FaultOf(KnownCredential credential, SignatureParameters parameters, DateTimeOffset now)
    {
        var (key, seconds) = (credential.SigningKey!, now.ToUnixTimeSeconds());
        return credential.Standing is CredentialStanding.Revoked ? "revoked"
            : credential.Standing is CredentialStanding.Suspended ? "suspended"
            : key.ExpiresAt <= now ? "expired-key"
            : key.Algorithm is SigningAlgorithm.RsaV15Sha256 && !policy.AllowRsaV15 ? "algorithm"
            : policy.Tag is { } tag && parameters.Tag != tag ? "tag"
            : parameters.Created is not { } created ? "no-created"
            : created > seconds + _seconds.Skew ? "not-yet"
            : created < seconds - _seconds.MaxAge - _seconds.Skew ? "too-old"
            : parameters.Expires <= seconds - _seconds.Skew ? "expired"
            : !_coverage.IsEnough(parameters) ? "not-covered"
            : null;
    }

    private bool HasScopes(GatewayConsumer consumer)
    {
        for (var i = 0; i < policy.Scopes.Count; i++)
        {
            if (!consumer.HasScope(policy.Scopes[i]))
            {
                return false;
            }
        }

        return true;
    }

    private AuthenticationOutcome Refuse(string cause) => Refuse(new GatewayProblem(RejectionReason.Unauthenticated) { Challenges = challenges, Cause = cause });

    private AuthenticationOutcome Refuse(GatewayProblem problem)
    {
        services.Metrics.Checked(Method, "refused", problem.Cause ?? problem.Reason.Code);
        return AuthenticationOutcome.Refuse(problem);
    }

    // One for each signature of a request.
    [InlineArray(RequestSignature.Most)]
    private struct CountedAttempts
    {
        private CountedAttempt _first;

        public readonly bool Any
        {
            get
            {
                foreach (var one in this)
                {
                    if (one != default)
                    {
                        return true;
                    }
                }

                return false;
            }
        }
    }
}
