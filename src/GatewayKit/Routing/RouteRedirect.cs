using System.ComponentModel.DataAnnotations;

namespace GatewayKit.Routing;

/// <summary>Sends the client elsewhere.</summary>
public sealed record RouteRedirect
{
    /// <summary>
    /// An address or a path template, filled from the values of the matched path: <c>https://example.com/new/{rest}</c>. The query goes along
    /// unless the template has one.
    /// </summary>
    [Required]
    public required string To { get; init; }

    /// <summary>The status: 301, 302, 303, 307 or 308. Default 308, which keeps method and body (RFC 9110 §15.4.9).</summary>
    [AllowedValues(301, 302, 303, 307, 308)]
    public int Status { get; init; } = 308;
}
