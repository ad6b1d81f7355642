using GatewayKit.Pipeline;
using GatewayKit.Secrets;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Identity.Upstream;

/// <summary>Puts the credential on the request's way to the destination, or refuses the request.</summary>
internal sealed class UpstreamCredentialsFilterFactory(UpstreamTokens tokens, SecretReader secrets, TokenMetrics metrics, TimeProvider time) : GatewayFilterFactory<UpstreamCredentialsPolicy>
{
    protected override EndpointFilterDelegate Create(UpstreamCredentialsPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next)
    {
        if (policy.Mode is PolicyMode.Shadow || (endpoint.IsRoute && endpoint.ClusterId is null))
        {
            return next;
        }

        // Before a token is fetched: a body that is too large is refused for nothing.
        var rest = Link(policy, endpoint, next);
        return policy.Sign is { } signing ? new SigningLink(new(signing, secrets.Open(signing.Key), time), signing.MaxBodyBytes, rest).InvokeAsync : rest;
    }

    private EndpointFilterDelegate Link(UpstreamCredentialsPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next) => policy switch
    {
        { ClientCredentials: { } grant } => new OwnTokenLink(tokens.Of(grant), new(endpoint.RouteId, next, metrics, time)).InvokeAsync,
        { TokenExchange: { } grant } => new ExchangedTokenLink(tokens.Of(grant), new(endpoint.RouteId, next, metrics, time)).InvokeAsync,
        { Static: { } credential } => new StaticCredentialLink(credential, secrets.Open(credential.Secret), next).InvokeAsync,
        { Relay: true } => context =>
        {
            GatewayContext.From(context).AddForwardTransform(RelayTransform.Instance);
            return next(context);
        },
        _ => next,
    };

    private sealed class OwnTokenLink(TokenSlot slot, TokenPassage passage)
    {
        public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context) => passage.RunAsync(GatewayContext.From(context), slot, subject: null);
    }

    private sealed class ExchangedTokenLink(ExchangedTokens tokens, TokenPassage passage)
    {
        public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context) =>
            SubjectToken.Of(context.HttpContext.Request.Headers.Authorization) is { } subject
                ? passage.RunAsync(GatewayContext.From(context), tokens.Of(subject), subject)
                : new(TokenPassage.SubjectMissing);
    }

    // The transform is made anew when the secret is another one.
    private sealed class StaticCredentialLink(StaticCredential credential, Secret secret, EndpointFilterDelegate next)
    {
        private Written? _written;

        public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context)
        {
            var value = secret.Value;
            var written = Volatile.Read(ref _written);
            if (written is null || !ReferenceEquals(written.Of, value))
            {
                written = new(value, StaticTransform.Create(credential, value));
                Volatile.Write(ref _written, written);
            }

            if (written.Transform is not { } transform)
            {
                return new(TokenPassage.NoSecret);
            }

            var request = GatewayContext.From(context);
            request.CredentialField = credential.Header;
            request.AddForwardTransform(transform);
            return next(context);
        }

        private sealed record Written(string? Of, CredentialTransform? Transform)
        {
            // Not the secret.
            public override string ToString() => nameof(Written);
        }
    }
}
