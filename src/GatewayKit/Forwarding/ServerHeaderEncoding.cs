using System.Text;
using GatewayKit.Clusters;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace GatewayKit.Forwarding;

/// <summary>
/// Has the server write what the handler read: answers are read as ISO 8859-1, one character for each byte, and would otherwise be refused by a
/// server that writes ASCII. Fields for which the host itself names an encoding keep that.
/// </summary>
internal sealed class ServerHeaderEncoding(IOptions<GatewayOptions> gateway) : IPostConfigureOptions<KestrelServerOptions>
{
    // A character that is none of it is an error of who wrote it, and no question mark.
    private static readonly Encoding Strict = Encoding.GetEncoding("iso-8859-1", EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback);

    private static readonly KestrelServerOptions Untouched = new();

    public void PostConfigure(string? name, KestrelServerOptions options)
    {
        options.ResponseHeaderEncodingSelector = Fill(options.ResponseHeaderEncodingSelector, Untouched.ResponseHeaderEncodingSelector, Strict);
        if (gateway.Value.RequestHeaderEncoding is HeaderEncoding.Latin1)
        {
            options.RequestHeaderEncodingSelector = Fill(options.RequestHeaderEncodingSelector, Untouched.RequestHeaderEncodingSelector, Encoding.Latin1);
        }
    }

    // The server asks for every field, so one question is enough where the host has no answers.
    private static Func<string, Encoding?> Fill(Func<string, Encoding?> host, Func<string, Encoding?> untouched, Encoding encoding) =>
        ReferenceEquals(host, untouched) ? _ => encoding : field => host(field) ?? encoding;
}
