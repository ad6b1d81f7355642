using System.Globalization;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Clusters.Balancing;

/// <summary>What the key of a request comes to: the same on every instance of the gateway, whoever computes it.</summary>
/// <param name="Home">Decides where the key belongs.</param>
/// <param name="Away">Decides where it goes while there is no room at home: independent, so that the overflow of one destination spreads over all.</param>
/// <param name="IsPresent">Whether the request has a key.</param>
internal readonly record struct RequestHash(ulong Home, ulong Away, bool IsPresent)
{
    // Bounds the time that hashing takes.
    private const int LongestValue = 4_096;

    public static RequestHash Of(ReadOnlySpan<char> value)
    {
        if (value.Length is 0 or > LongestValue)
        {
            return default;
        }

        var (home, away) = SipHash.Common.Hash(value);
        return new(home, away, true);
    }

    public static RequestHash Of(HttpContext httpContext, HashKey key) => key.Kind switch
    {
        HashKeyKind.ClientAddress => OfAddress(httpContext),
        HashKeyKind.Path => Of(httpContext.Request.Path.Value),
        HashKeyKind.Header => httpContext.Request.Headers[key.Name] is [{ } value] ? Of(value) : default,
        HashKeyKind.Cookie => CookieField.TryFind(httpContext.Request.Headers.Cookie, key.Name, out var cookie) ? Of(CookieField.Unquoted(cookie)) : default,
        HashKeyKind.Query => httpContext.Request.Query[key.Name] is [{ } value, ..] ? Of(value) : default,
        _ => Of(Convert.ToString(httpContext.Request.RouteValues[key.Name], CultureInfo.InvariantCulture)),
    };

    /// <summary>A well mixed number for the key at something else, such as a destination (the finalizer of MurmurHash3).</summary>
    public static ulong Mix(ulong key, ulong name)
    {
        var mixed = key ^ name;
        mixed = (mixed ^ (mixed >> 33)) * 0xFF51_AFD7_ED55_8CCD;
        mixed = (mixed ^ (mixed >> 33)) * 0xC4CE_B9FE_1A85_EC53;
        return mixed ^ (mixed >> 33);
    }

    /// <summary>A hash as a number between 0 and 1, both left out.</summary>
    public static double Unit(ulong hash) => ((hash >> 12) + 0.5) * (1.0 / (1L << 52));

    private static RequestHash OfAddress(HttpContext httpContext)
    {
        if (httpContext.Connection.RemoteIpAddress is not { } address)
        {
            return default;
        }

        var (home, away) = SipHash.Common.Hash(PeerAddress.WriteClient(address, stackalloc byte[16]));
        return new(home, away, true);
    }
}
