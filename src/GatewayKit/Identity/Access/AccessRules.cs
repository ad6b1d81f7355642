using System.Security.Claims;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace GatewayKit.Identity.Access;

/// <summary>What an access policy asks on one endpoint, with its refusals. Immutable.</summary>
internal sealed class AccessRules
{
    private static readonly GatewayProblem Ambiguous = new(RejectionReason.AmbiguousPath);
    private static readonly GatewayProblem OtherTenant = new(RejectionReason.TenantMismatch);

    // Never given away: whoever has it could add to it.
    private static readonly ClaimsPrincipal Nobody = new();

    private readonly AccessPolicy _policy;
    private readonly OpeningHours? _hours;
    private readonly GatewayProblem _unknown, _method, _scopes, _anyScope, _role, _claim, _consumer, _plan;

    public AccessRules(AccessPolicy policy, GatewayEndpoint endpoint, GatewayProblem unknown, TimeProvider time)
    {
        _policy = policy;
        _hours = policy.Hours.Count > 0 ? new(policy.Hours, time) : null;
        _unknown = unknown;
        var taken = endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods is { Count: > 0 } methods ? policy.Methods.Intersect(methods, StringComparer.OrdinalIgnoreCase) : policy.Methods;
        _method = new(RejectionReason.MethodNotAllowed) { Allow = string.Join(", ", taken) };
        _scopes = Forbidden("scope", $"It needs the scopes: {string.Join(' ', policy.Scopes)}.");
        _anyScope = Forbidden("scope", $"It needs one of the scopes: {string.Join(' ', policy.AnyScope)}.");
        (_role, _claim, _consumer, _plan) = (Forbidden("role"), Forbidden("claim"), Forbidden("consumer"), Forbidden("plan"));
    }

    /// <summary>A refusal of one who is known.</summary>
    /// <param name="cause">What for, for records.</param>
    /// <param name="detail">What the caller is told.</param>
    public static GatewayProblem Forbidden(string cause, string? detail = null) => new(RejectionReason.Forbidden, detail) { Cause = cause };

    /// <summary>Whose rights count.</summary>
    public Caller CallerOf(GatewayContext context) => Caller.Of(context.HttpContext, isTried: _policy.Mode is not PolicyMode.Enforce);

    /// <returns>Why the request is refused, as far as the gateway itself can tell; <see langword="null"/> if it is not.</returns>
    public GatewayProblem? Refuse(GatewayContext context)
    {
        var httpContext = context.HttpContext;
        if (_policy.Methods.Count > 0 && !_policy.Methods.Contains(MethodOf(httpContext), StringComparer.OrdinalIgnoreCase))
        {
            return _method;
        }

        if (_policy.NeedsCaller && RefuseCaller(context) is { } problem)
        {
            return problem;
        }

        return _hours is not null && !_hours.IsOpen(out var opensIn) ? new(RejectionReason.OutsideHours, retryAfter: opensIn) : null;
    }

    /// <summary>Whether a consumer passes whatever it asks for, and whenever: nobody passes where that is for the host to say. Which tenant it may ask for is another question.</summary>
    public bool Admits(GatewayConsumer consumer) =>
        _policy.AuthorizationPolicies.Count == 0
        && (!_policy.NeedsCaller || RefuseCaller(consumer, consumer.Principal ?? Nobody) is null)
        && (_policy.Tenant is not { } tenant || consumer.Principal?.Identities.Any(identity => identity.IsAuthenticated && identity.HasClaim(claim => claim.Type == tenant.Claim)) is true);

    private GatewayProblem? RefuseCaller(GatewayContext context)
    {
        var (consumer, claims) = CallerOf(context);
        var user = claims ?? Nobody;
        return RefuseCaller(consumer, user) ?? (_policy.Tenant is { } tenant ? RefuseTenant(context, user, tenant) : null);
    }

    private GatewayProblem? RefuseCaller(GatewayConsumer? consumer, ClaimsPrincipal user)
    {
        if (consumer is null && !Caller.IsKnown(user))
        {
            return _unknown;
        }

        if (_policy.Consumers.Count > 0 && (consumer is null || !_policy.Consumers.Contains(consumer.Id, StringComparer.Ordinal)))
        {
            return _consumer;
        }

        if (_policy.Plans.Count > 0 && (consumer?.Plan is not { } plan || !_policy.Plans.Contains(plan.Id, StringComparer.OrdinalIgnoreCase)))
        {
            return _plan;
        }

        for (var i = 0; i < _policy.Scopes.Count; i++)
        {
            if (!HasScope(_policy.Scopes[i]))
            {
                return _scopes;
            }
        }

        if (_policy.AnyScope.Count > 0 && !_policy.AnyScope.Any(HasScope))
        {
            return _anyScope;
        }

        if (_policy.Roles.Count > 0 && !UserClaims.HasRole(user, _policy.Roles))
        {
            return _role;
        }

        for (var i = 0; i < _policy.Claims.Count; i++)
        {
            if (!UserClaims.HasClaim(user, _policy.Claims[i].Type, _policy.Claims[i].Values))
            {
                return _claim;
            }
        }

        return null;

        // Those of a token are the consumer's by now.
        bool HasScope(string scope) => consumer is not null ? consumer.HasScope(scope) : UserClaims.HasScope(user, scope);
    }

    private static GatewayProblem? RefuseTenant(GatewayContext context, ClaimsPrincipal user, TenantRule tenant)
    {
        // What has two readings may be somebody else's to the destination.
        if (context.Path is null)
        {
            return Ambiguous;
        }

        // The server has decoded everything but the slash.
        return context.HttpContext.GetRouteValue(tenant.RouteValue) is string { Length: > 0 } value
            && UserClaims.HasClaim(user, tenant.Claim, value.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase))
            ? null
            : OtherTenant;
    }

    private static string MethodOf(HttpContext httpContext) =>
        HttpMethods.IsConnect(httpContext.Request.Method) && WebSocketHandshake.IsAsked(httpContext) ? HttpMethods.Get : httpContext.Request.Method;
}
