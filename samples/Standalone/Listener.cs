using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Standalone;

/// <summary>One address to listen at, and the protocols spoken there.</summary>
/// <param name="Scheme"><c>http</c>, <c>h2c</c> or <c>https</c>.</param>
/// <param name="Host">An address, <c>localhost</c> or <c>*</c>.</param>
/// <param name="Port">The port; 0 takes a free one.</param>
internal sealed record Listener(string Scheme, string Host, int Port)
{
    public bool IsTls => Scheme == "https";

    // Without TLS nothing negotiates the version, so a port speaks either HTTP/1.1 or HTTP/2 (RFC 9113 §3.3).
    private HttpProtocols Protocols => Scheme switch
    {
        "h2c" => HttpProtocols.Http2,
        "https" => HttpProtocols.Http1AndHttp2,
        _ => HttpProtocols.Http1,
    };

    /// <summary>Reads a list separated by semicolons and adds what is wrong with it to <paramref name="errors"/>.</summary>
    public static IReadOnlyList<Listener> ParseAll(string urls, List<string> errors)
    {
        var listeners = new List<Listener>();
        foreach (var url in urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (Parse(url, out var problem) is { } listener)
            {
                listeners.Add(listener);
            }
            else
            {
                errors.Add($"'{url}' is no address to listen at: {problem}");
            }
        }

        if (listeners.Count == 0 && errors.Count == 0)
        {
            errors.Add("--urls names no address to listen at.");
        }

        return listeners;
    }

    public void Listen(KestrelServerOptions kestrel, X509Certificate2Collection? certificates)
    {
        if (Host == "localhost")
        {
            kestrel.ListenLocalhost(Port, Configure);
        }
        else if (Host == "*")
        {
            kestrel.ListenAnyIP(Port, Configure);
        }
        else
        {
            kestrel.Listen(IPAddress.Parse(Host.Trim('[', ']')), Port, Configure);
        }

        void Configure(ListenOptions options)
        {
            options.Protocols = Protocols;
            if (IsTls && certificates is [var certificate, ..])
            {
                options.UseHttps(https => (https.ServerCertificate, https.ServerCertificateChain) = (certificate, [.. certificates.Skip(1)]));
            }
        }
    }

    private static Listener? Parse(string url, out string problem)
    {
        problem = "write http://HOST:PORT, h2c://HOST:PORT or https://HOST:PORT.";
        if (url.Split("://") is not [("http" or "h2c" or "https") and var scheme, var authority] || authority.LastIndexOf(':') is not (> 0 and var colon))
        {
            return null;
        }

        var (host, portText) = (authority[..colon], authority[(colon + 1)..].TrimEnd('/'));
        if (!int.TryParse(portText, NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port > IPEndPoint.MaxPort)
        {
            problem = $"'{portText}' is no port; it must be 0 to {IPEndPoint.MaxPort}.";
            return null;
        }

        if (host is "localhost" && port == 0)
        {
            problem = "port 0 needs an address, such as 127.0.0.1, since localhost is two of them.";
            return null;
        }

        if (host is not ("localhost" or "*") && !IsAddress(host))
        {
            problem = $"'{host}' is neither an IP address, nor localhost, nor *. An IPv6 address stands in brackets.";
            return null;
        }

        return new(scheme, host, port);
    }

    private static bool IsAddress(string host) =>
        IPAddress.TryParse(host, out var address)
        && address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 == (host.StartsWith('[') && host.EndsWith(']'));
}
