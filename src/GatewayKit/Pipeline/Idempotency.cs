using Microsoft.AspNetCore.Http;

namespace GatewayKit.Pipeline;

/// <summary>Tells which requests may be sent again.</summary>
internal static class Idempotency
{
    /// <summary>Whether sending a request twice is the same as once (RFC 9110 §9.2.2).</summary>
    public static bool Is(string method) =>
        HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsPut(method) || HttpMethods.IsDelete(method) || HttpMethods.IsOptions(method);
}
