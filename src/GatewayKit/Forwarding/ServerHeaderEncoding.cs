using System.Text;
using GatewayKit.Clusters;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace GatewayKit.Forwarding;

/// <summary>
/// Has the server write what the handler read: answers are read as ISO 8859-1, one character for each byte, and would otherwise be refused by a
/// server that writes ASCII. What the host has set itself stays.
/// </summary>
internal sealed class ServerHeaderEncoding(IOptions<GatewayOptions> gateway) : IPostConfigureOptions<KestrelServerOptions>
{
    // A character that is none of it is an error of who wrote it, and no question mark.
    private static readonly Encoding Strict = Encoding.GetEncoding("iso-8859-1", EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback);

    public void PostConfigure(string? name, KestrelServerOptions options)
    {
        if (IsDefault(options.ResponseHeaderEncodingSelector))
        {
            options.ResponseHeaderEncodingSelector = static _ => Strict;
        }

        if (gateway.Value.RequestHeaderEncoding is HeaderEncoding.Latin1 && IsDefault(options.RequestHeaderEncodingSelector))
        {
            options.RequestHeaderEncodingSelector = static _ => Encoding.Latin1;
        }
    }

    // The server's own names no encoding for any field.
    private static bool IsDefault(Func<string, Encoding?> selector) => selector("X-Any") is null;
}
