using System.Net;
using System.Net.Quic;

namespace GatewayKit.Clusters;

/// <summary>What a destination may be spoken to in.</summary>
[Flags]
internal enum SpokenVersions
{
    None = 0,
    Http11 = 1,
    Http2 = 2,
    Http3 = 4,
}

/// <summary>
/// Which versions come of a scheme, a version and a policy: the one table. What the client speaks changes nothing about it. Without TLS
/// nothing can be negotiated, so there it is one version or none.
/// </summary>
internal static class VersionChoice
{
    public static SpokenVersions Of(bool isTls, Version version, HttpVersionPolicy policy) => (isTls, version.Major, policy) switch
    {
        (false, 1, _) => SpokenVersions.Http11,
        (false, 2, HttpVersionPolicy.RequestVersionExact or HttpVersionPolicy.RequestVersionOrHigher) => SpokenVersions.Http2,

        // The handler would quietly take HTTP/1.1 for "or lower", and has no HTTP/3 without TLS.
        (false, _, _) => SpokenVersions.None,
        (true, 1, HttpVersionPolicy.RequestVersionOrHigher) => SpokenVersions.Http11 | SpokenVersions.Http2 | SpokenVersions.Http3,
        (true, 1, _) => SpokenVersions.Http11,
        (true, 2, HttpVersionPolicy.RequestVersionExact) => SpokenVersions.Http2,
        (true, 2, HttpVersionPolicy.RequestVersionOrHigher) => SpokenVersions.Http2 | SpokenVersions.Http3,
        (true, 2, _) => SpokenVersions.Http11 | SpokenVersions.Http2,
        (true, _, HttpVersionPolicy.RequestVersionOrLower) => SpokenVersions.Http11 | SpokenVersions.Http2 | SpokenVersions.Http3,
        (true, _, _) => SpokenVersions.Http3,
    };

    /// <summary>Whether this machine can speak HTTP/3. It takes libmsquic, which not every distribution has.</summary>
    public static bool HasHttp3 { get; } =
        (OperatingSystem.IsLinux() || OperatingSystem.IsWindows() || OperatingSystem.IsMacOS()) && QuicConnection.IsSupported;

    /// <summary>Whether gRPC can pass: it needs trailers and streams both ways, so HTTP/2 or later.</summary>
    public static bool CarriesGrpc(this SpokenVersions versions) => (versions & (SpokenVersions.Http2 | SpokenVersions.Http3)) != 0;

    /// <summary>Why no request can be sent; <see langword="null"/> if some version can be spoken.</summary>
    public static string? Fault(Uri address, Version version, HttpVersionPolicy policy)
    {
        var spoken = Of(address.Scheme == Uri.UriSchemeHttps, version, policy);
        var at = address.GetLeftPart(UriPartial.Path);
        return spoken switch
        {
            SpokenVersions.None when version == HttpVersion.Version30 =>
                $"HTTP/3 needs TLS, and the address '{at}' is not https. Write an https address, or Version \"2.0\" with \"RequestVersionExact\".",
            SpokenVersions.None =>
                $"RequestVersionOrLower means HTTP/1.1 for the address '{at}', which is not https. Write \"RequestVersionExact\" for HTTP/{version}.",
            SpokenVersions.Http3 when !HasHttp3 =>
                $"This machine cannot speak HTTP/3: libmsquic is not installed. Install it, or write \"RequestVersionOrLower\".",
            _ => null,
        };
    }
}
