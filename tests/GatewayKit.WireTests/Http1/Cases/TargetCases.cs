using static GatewayKit.WireTests.Http1.Cases.Write;

namespace GatewayKit.WireTests.Http1.Cases;

/// <summary>Request targets and paths (RFC 9112 §3.2, RFC 3986 §6.2.2).</summary>
internal static class TargetCases
{
    public static IReadOnlyList<RequestCase> All { get; } =
    [
        Case("root", Get("/")).Forwards("GET /"),
        Case("dot segments", Get("/pub/../a")).Forwards("GET /a"),
        Case("encoded slash", Get("/a%2Fb")).Refused(400, "ambiguous-path"),
        Case("space", Line("GET /a b HTTP/1.1")).Rejected(400),
    ];
}
