using GatewayKit.Admin;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps the admin API.</summary>
public static class GatewayAdminEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Maps the API that administrators, and the programs of those who sell access, keep consumers with. It is there only if this is called, and the host starts only if it is closed: by
    /// <paramref name="policy"/>, or by <c>RequireAuthorization("…")</c> with a policy on what this returns. <paramref name="port"/> keeps it to a port of its own; <c>RequireHost("*:9000")</c> does not, for it compares what the client writes into <c>Host</c>.
    /// </summary>
    /// <param name="endpoints">The host's endpoints, or a group of them.</param>
    /// <param name="prefix">What its paths begin with. Default <c>/gateway-admin</c>.</param>
    /// <param name="policy">The name of the authorization policy of the host that says who is an administrator.</param>
    /// <param name="port">The port of this host that it is at, 1 to 65,535: on connections to others it is not there. The host has to listen at it. Default: all ports.</param>
    /// <returns>The group of its endpoints, for what else is said of them.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="port"/> is no port.</exception>
    /// <exception cref="InvalidOperationException"><c>AddApiGateway()</c> was not called.</exception>
    public static RouteGroupBuilder MapGatewayAdmin(this IEndpointRouteBuilder endpoints, string prefix = "/gateway-admin", string? policy = null, int? port = null)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentException.ThrowIfNullOrWhiteSpace(prefix);
        if (port is { } number)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(number, 1, nameof(port));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(number, ushort.MaxValue, nameof(port));
        }

        var handlers = endpoints.ServiceProvider.GetService<AdminEndpoints>()
            ?? throw new InvalidOperationException("The gateway is not registered. Call builder.Services.AddApiGateway() before mapping its admin API.");
        var group = endpoints.MapGroup(prefix).WithTags("Gateway admin");
        handlers.Map(group);
        if (port is { } only)
        {
            group.WithMetadata(new AdminPort(only));
        }

        return policy is null ? group : group.RequireAuthorization(policy);
    }
}
