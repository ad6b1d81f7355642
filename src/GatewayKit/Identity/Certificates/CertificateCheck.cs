using System.Security.Cryptography;
using GatewayKit.Identity.Consumers;
using GatewayKit.Pipeline;

namespace GatewayKit.Identity.Certificates;

/// <summary>Looks at the client certificates of requests to one endpoint.</summary>
internal sealed class CertificateCheck(
    CertificatePolicy policy, GatewayEndpoint endpoint, CertificateTrust trust, ConsumerDirectory directory, TrustedPeers? proxies, IReadOnlyList<string> challenges, IdentityMetrics metrics, TimeProvider time)
{
    // What metrics call it.
    private const string Method = "client-certificate";

    private static readonly AuthenticationOutcome Twice = AuthenticationOutcome.Refuse(new(RejectionReason.DuplicateCredential) { Cause = "twice" });
    private static readonly AuthenticationOutcome Unavailable = AuthenticationOutcome.Refuse(new(RejectionReason.AuthUnavailable, retryAfter: TimeSpan.FromSeconds(5)) { Cause = CertificateVerdict.Unavailable });
    private static readonly AuthenticationOutcome StoreDown = AuthenticationOutcome.Refuse(new(RejectionReason.AuthUnavailable, retryAfter: TimeSpan.FromSeconds(1)) { Cause = "store-unavailable" });
    private static readonly AuthenticationOutcome Suspended = Refuse(RejectionReason.Forbidden, "consumer-suspended");
    private static readonly AuthenticationOutcome NotRegistered = Refuse(RejectionReason.Forbidden, "not-registered");
    private static readonly AuthenticationOutcome Ambiguous = Refuse(RejectionReason.Forbidden, "consumers-differ");
    private static readonly AuthenticationOutcome LacksScope = Refuse(RejectionReason.Forbidden, "insufficient-scope");
    private static readonly AuthenticationOutcome NotSubscribed = AuthenticationOutcome.Refuse(new(RejectionReason.NotSubscribed));

    public ValueTask<AuthenticationOutcome> RunAsync(GatewayContext context) => metrics.CountAsync(Method, FindAsync(context));

    private ValueTask<AuthenticationOutcome> FindAsync(GatewayContext context)
    {
        var httpContext = context.HttpContext;
        if (proxies is not null && proxies.Include(httpContext))
        {
            return ForwardedCertificate.Read(httpContext.Request.Headers, out var encoded, out var chain) switch
            {
                ForwardedCertificateState.Absent => default,
                ForwardedCertificateState.Twice => new(Twice),
                ForwardedCertificateState.Malformed => new(NotValid("malformed")),
                _ => Identify(trust.JudgeAsync(encoded, chain), context),
            };
        }

        return VerifiedCertificate.Of(httpContext) is { } certificate ? Identify(trust.JudgeAsync(certificate), context)
            : VerifiedCertificate.ConnectionOf(httpContext) is not null ? AskAsync(context)
            : default;
    }

    // A server that asks for certificates later than in the handshake does so now; HTTP/2 knows no such thing.
    private async ValueTask<AuthenticationOutcome> AskAsync(GatewayContext context)
    {
        var httpContext = context.HttpContext;
        try
        {
            return await VerifiedCertificate.ConnectionOf(httpContext)!.GetClientCertificateAsync(httpContext.RequestAborted).ConfigureAwait(false) is { } certificate
                ? await Identify(trust.JudgeAsync(certificate), context).ConfigureAwait(false)
                : AuthenticationOutcome.Absent;
        }
        catch (Exception exception) when (exception is InvalidOperationException or IOException or CryptographicException or NotSupportedException)
        {
            // The request has a body that is still to come, or the client has none to show.
            return AuthenticationOutcome.Absent;
        }
    }

    private ValueTask<AuthenticationOutcome> Identify(ValueTask<CertificateVerdict> judging, GatewayContext context) =>
        judging.IsCompletedSuccessfully ? IdentifyAsync(judging.Result, context) : AwaitAsync(judging, context);

    private async ValueTask<AuthenticationOutcome> AwaitAsync(ValueTask<CertificateVerdict> judging, GatewayContext context) =>
        await IdentifyAsync(await judging.ConfigureAwait(false), context).ConfigureAwait(false);

    private async ValueTask<AuthenticationOutcome> IdentifyAsync(CertificateVerdict verdict, GatewayContext context)
    {
        if (verdict.FaultAt(time.GetUtcNow()) is { } fault)
        {
            return fault is CertificateVerdict.Unavailable ? Unavailable : NotValid(fault);
        }

        var names = verdict.Names!;
        KnownCredential? known;
        try
        {
            known = await FindAsync(names.Keys, context).ConfigureAwait(false);
            if (known is null && verdict.IsTrusted)
            {
                foreach (var name in names.Given)
                {
                    var other = await directory.FindAsync(CredentialKind.Identity, name, context.HttpContext.RequestAborted).ConfigureAwait(false);
                    if (other is not null && known is not null && other.ConsumerId != known.ConsumerId)
                    {
                        return Ambiguous;
                    }

                    known ??= other;
                }
            }
        }
        catch (ConsumerStoreException)
        {
            return StoreDown;
        }

        return known is not null ? known.IsActive ? Finish(directory.Resolve(known, endpoint)) : Suspended
            : !verdict.IsTrusted ? NotValid("untrusted")
            : policy.RequireRegistered ? NotRegistered
            : Finish(directory.Resolve(new GatewayConsumer(names.Given.Length > 0 ? names.Given[0] : names.Keys[0]) { CredentialId = names.Hash }, endpoint));
    }

    private async ValueTask<KnownCredential?> FindAsync(string[] keys, GatewayContext context)
    {
        KnownCredential? known = null;
        foreach (var key in keys)
        {
            known ??= await directory.FindAsync(CredentialKind.Identity, key, context.HttpContext.RequestAborted).ConfigureAwait(false);
        }

        return known;
    }

    private AuthenticationOutcome Finish(GatewayConsumer? consumer)
    {
        if (consumer is null)
        {
            return NotSubscribed;
        }

        for (var i = 0; i < policy.Scopes.Count; i++)
        {
            if (!consumer.HasScope(policy.Scopes[i]))
            {
                return LacksScope;
            }
        }

        return AuthenticationOutcome.Accept(consumer);
    }

    private AuthenticationOutcome NotValid(string cause) => AuthenticationOutcome.Refuse(new(RejectionReason.Unauthenticated) { Challenges = challenges, Cause = cause });

    private static AuthenticationOutcome Refuse(RejectionReason reason, string cause) => AuthenticationOutcome.Refuse(new(reason) { Cause = cause });
}
