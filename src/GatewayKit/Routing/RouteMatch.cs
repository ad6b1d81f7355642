using System.Net;

namespace GatewayKit.Routing;

/// <summary>Which requests a route takes. All that is said must hold; within one list one entry is enough.</summary>
public sealed record RouteMatch
{
    /// <summary>A path template of ASP.NET Core routing, such as <c>/orders/{id:int}</c> or <c>/orders/{**rest}</c>. Default: every path.</summary>
    public string? Path { get; init; }

    /// <summary>Further path templates.</summary>
    public IReadOnlyList<string> Paths { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>How strictly the path is compared. Default <see cref="PathComparison.IgnoreCase"/>.</summary>
    public PathComparison PathComparison { get; init; }

    /// <summary>Methods, custom ones too. Case is ignored, as everywhere in ASP.NET Core routing. Default: every method.</summary>
    public IReadOnlyList<string> Methods { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>
    /// Hosts: <c>api.example.com</c>, any label in front with <c>*.example.com</c>, either with <c>:port</c>, or <c>*:port</c>. Case is ignored. Default: every host.
    /// </summary>
    public IReadOnlyList<string> Hosts { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>Conditions on headers; all must hold.</summary>
    public IReadOnlyList<FieldMatch> Headers { get; init => field = ValueList<FieldMatch>.From(value); } = ValueList<FieldMatch>.Empty;

    /// <summary>Conditions on query parameters; all must hold.</summary>
    public IReadOnlyList<FieldMatch> Query { get; init => field = ValueList<FieldMatch>.From(value); } = ValueList<FieldMatch>.Empty;

    /// <summary>Networks the client's address must be in, such as <c>10.0.0.0/8</c> or <c>2001:db8::/32</c>. Default: every address.</summary>
    public IReadOnlyList<IPNetwork> ClientAddresses { get; init => field = ValueList<IPNetwork>.From(value); } = ValueList<IPNetwork>.Empty;
}
