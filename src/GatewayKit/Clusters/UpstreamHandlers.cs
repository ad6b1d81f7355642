using System.Net;
using System.Text;
using GatewayKit.Clusters.NamedClients;
using Microsoft.Extensions.Options;

namespace GatewayKit.Clusters;

/// <summary>Makes the handlers that speak to destinations.</summary>
internal sealed class UpstreamHandlers(IEnumerable<UpstreamHandlers.Replacement> replacements, NameLookup names, DestinationConnections connections, ClientChains clients, IOptions<GatewayOptions> options)
{
    // The last registration counts, so that a test can replace what the host replaced.
    private readonly Dictionary<string, Func<HttpMessageHandler>> _replacements = replacements
        .GroupBy(static replacement => replacement.ClusterId, StringComparer.OrdinalIgnoreCase)
        .ToDictionary(static group => group.Key, static group => group.Last().Create, StringComparer.OrdinalIgnoreCase);

    /// <summary>The clusters whose connections the host replaced.</summary>
    public IEnumerable<string> ReplacedClusters => _replacements.Keys;

    public Func<HttpMessageHandler> For(Cluster cluster)
    {
        var connect = _replacements.GetValueOrDefault(cluster.Id) ?? (() => Create(cluster));
        return cluster.Http.Client is { } client ? () => clients.Wrap(client, connect()) : connect;
    }

    /// <summary>A handler for addresses that no cluster has.</summary>
    public SocketsHttpHandler CreateDefault()
    {
        var (http, connector) = (new ClusterHttp(), new DestinationConnector(names, connections, string.Empty, DeniedNetworks.Default));
        var handler = Create(http, new(), new ClusterTimeouts().Connect, options.Value.RequestHeaderEncoding);
        handler.ConnectCallback = async (context, cancellationToken) => await connector.ConnectAsync(context.DnsEndPoint, cancellationToken).ConfigureAwait(false);
        return handler;
    }

    private SocketsHttpHandler Create(Cluster cluster)
    {
        var handler = Create(cluster.Http, cluster.Tls, cluster.Timeouts.Connect, options.Value.RequestHeaderEncoding);
        var connector = new DestinationConnector(names, connections, cluster.Id, cluster.Http.DeniedNetworks);
        handler.ConnectCallback = cluster.Tls.ServerName is not null || cluster.HostHeader is HostHeader.Original
            ? new NamedTlsConnector(cluster, connector).ConnectAsync
            : async (context, cancellationToken) => await connector.ConnectAsync(context.DnsEndPoint, cancellationToken).ConfigureAwait(false);
        return handler;
    }

    /// <summary>A handler with no default left (E1).</summary>
    public static SocketsHttpHandler Create(ClusterHttp http, ClusterTls tls, TimeSpan connectTimeout, HeaderEncoding encoding = HeaderEncoding.Utf8) => new()
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        UseProxy = false,
        Credentials = null,
        PreAuthenticate = false,

        // The gateway writes the trace headers itself, once (E13).
        ActivityHeadersPropagator = null,
        ConnectTimeout = connectTimeout,
        PooledConnectionLifetime = http.ConnectionLifetime,
        PooledConnectionIdleTimeout = http.ConnectionIdle,
        MaxConnectionsPerServer = http.MaxConnections,
        MaxResponseHeadersLength = Math.Max(1, http.MaxResponseHeadBytes / 1_024),
        EnableMultipleHttp2Connections = http.MultipleHttp2Connections,
        EnableMultipleHttp3Connections = http.MultipleHttp2Connections,

        // A dead peer behind an idle HTTP/2 connection is noticed within 40 s.
        KeepAlivePingDelay = TimeSpan.FromSeconds(30),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,

        // An answer nobody reads to its end costs its connection rather than time.
        MaxResponseDrainSize = 64 * 1_024,
        ResponseDrainTimeout = TimeSpan.FromSeconds(1),
        Expect100ContinueTimeout = TimeSpan.FromSeconds(1),

        // What the server read goes out as the same bytes (E15).
        RequestHeaderEncodingSelector = encoding is HeaderEncoding.Latin1 ? static (_, _) => Encoding.Latin1 : static (_, _) => Encoding.UTF8,
        ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
        SslOptions = UpstreamTls.Create(tls),
    };

    /// <summary>What <see cref="GatewayBuilder.UseUpstreamHandler"/> was told.</summary>
    public sealed record Replacement(string ClusterId, Func<HttpMessageHandler> Create);
}
