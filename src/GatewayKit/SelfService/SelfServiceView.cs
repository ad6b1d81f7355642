using System.Globalization;
using GatewayKit.Identity.Consumers;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.SelfService;

/// <summary>Tells callers of themselves: who they are, what they may call, and what is left of their limits.</summary>
internal sealed class SelfServiceView(SelfServicePlaces places, SelfServiceLimits limits, ConsumerDirectory directory, TimeProvider time)
{
    /// <summary>Answers a request.</summary>
    public async Task WriteAsync(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-store";
        if (context.Features.Get<GatewayConsumer>() is not { IsOnTrial: false } caller)
        {
            // No host starts with such an endpoint.
            await new GatewayProblem(RejectionReason.Unauthenticated).ExecuteAsync(context).ConfigureAwait(false);
            return;
        }

        var answer = await DescribeAsync(caller, context).ConfigureAwait(false);
        await context.Response.WriteAsJsonAsync(answer, SelfServiceJsonContext.Default.SelfServiceAnswer, cancellationToken: context.RequestAborted).ConfigureAwait(false);
    }

    private async Task<SelfServiceAnswer> DescribeAsync(GatewayConsumer caller, HttpContext context)
    {
        var (credential, now) = (caller.Credential as KnownCredential, time.GetUtcNow());

        // Who calls a route is found by the very steps that let requests pass, so that this tells nothing else.
        var pipeline = context.Features.Get<GatewayContext>()!.Pipeline;
        var shownWays = SelfServicePlace.WaysOf(pipeline);
        var callable = (from place in places.All
                        let who = WhoCalls(caller, credential, place, now)
                        where who is not null
                        group place by who into ofOne
                        let shown = AsShown(ofOne.Key, caller)
                        from place in ofOne
                        where place.Admits(shown, credential?.Holder, shownWays)
                        select (ofOne.Key, place)).ToLookup(static pair => pair.Key, static pair => pair.place);
        var subscriptions = await Task.WhenAll((credential?.SubscribedAt(now) ?? []).Select(one => GrantAsync(one.Consumer, one.ExpiresAt, callable[one.Consumer]))).ConfigureAwait(false);
        var generalCaller = credential is null ? caller : credential.General;
        var general = generalCaller is null ? null : await GrantAsync(generalCaller, expiresAt: null, callable[generalCaller]).ConfigureAwait(false);
        return new(
            new(caller.Id, credential?.Owner?.DisplayName),
            caller.ApplicationId,
            Describe(caller, credential),
            OtherKeys(caller, credential?.Holder, now),
            subscriptions,
            general is { Plan: null, Limits: [], Routes: [] } ? null : general);

        async Task<SelfServiceGrant> GrantAsync(GatewayConsumer consumer, DateTimeOffset? expiresAt, IEnumerable<SelfServicePlace> callable)
        {
            var reading = SelfServiceLimits.ReadAsync(limits.Of(consumer.Plan, pipeline.Endpoint), consumer, context);
            var routes = await Task.WhenAll(callable.Select(async place => new SelfServiceRoute(
                place.Paths, place.Methods, place.Hosts, await SelfServiceLimits.ReadAsync(place.Limits, consumer, context).ConfigureAwait(false) is { Length: > 0 } own ? own : null))).ConfigureAwait(false);
            return new(consumer.ProductId, expiresAt, consumer.Plan is { Id: not PlanMerge.OwnLimits and var plan } ? plan : null, await reading.ConfigureAwait(false), routes);
        }
    }

    private GatewayConsumer? WhoCalls(GatewayConsumer caller, KnownCredential? credential, SelfServicePlace place, DateTimeOffset now) =>
        credential is null ? directory.Resolve(caller, place.Endpoint)
        : credential.TryResolve(place.Endpoint, now, out var consumer) ? consumer
        : null;

    // A token may grant less than its owner has, and has the claims.
    private static GatewayConsumer AsShown(GatewayConsumer consumer, GatewayConsumer caller)
    {
        var granted = consumer.WithScopes(caller.Scopes);
        return caller.Principal is { } principal ? granted.FoundBy(principal) : granted;
    }

    private static SelfServiceCredential Describe(GatewayConsumer caller, KnownCredential? credential) =>
        new(KindOf(credential?.Kind ?? CredentialKind.Identity), caller.CredentialId, credential?.ExpiresAt ?? credential?.SigningKey?.ExpiresAt ?? ExpiryOf(caller), caller.Scopes);

    // Of the token that says who calls (RFC 7519 §4.1.4).
    private static DateTimeOffset? ExpiryOf(GatewayConsumer caller) =>
        long.TryParse(caller.Principal?.FindFirst("exp")?.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : null;

    // Those of the program that calls: what else its consumer has is for others.
    private static SelfServiceKey[] OtherKeys(GatewayConsumer caller, ICredentialHolder? holder, DateTimeOffset now) => holder is null ? [] :
    [
        .. holder.Keys.Where(static key => !key.IsRevoked).Select(static key => new SelfServiceKey(KindOf(CredentialKind.ApiKey), key.Id, key.ExpiresAt))
            .Concat(holder.SigningKeys.Where(static key => !key.IsRevoked).Select(static key => new SelfServiceKey(KindOf(CredentialKind.SigningKey), key.Id, key.ExpiresAt)))
            .Where(key => key.Id != caller.CredentialId && !(key.ExpiresAt <= now)),
    ];

    private static string KindOf(CredentialKind kind) => kind switch
    {
        CredentialKind.ApiKey => "api-key",
        CredentialKind.SigningKey => "signing-key",
        _ => "identity",
    };
}
