using System.Net;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Options;

namespace GatewayKit.Clusters.NamedClients;

/// <summary>The clients of the host's <c>IHttpClientFactory</c> that clusters name: the chain of handlers of each carries what the gateway sends.</summary>
/// <param name="factories">The host's factory; none if it never called <c>AddHttpClient</c>.</param>
/// <param name="configured">What it said about its clients.</param>
/// <param name="uses">Which of them clusters name.</param>
internal sealed class ClientChains(IEnumerable<IHttpMessageHandlerFactory> factories, IEnumerable<IConfigureOptions<HttpClientFactoryOptions>> configured, NamedClientUses uses)
{
    private readonly IHttpMessageHandlerFactory? _factory = factories.LastOrDefault();
    private readonly string?[] _names = [.. configured.Select(static one => (one as ConfigureNamedOptions<HttpClientFactoryOptions>)?.Name)];

    /// <summary>What is wrong with a client that a cluster names, as a sentence; <see langword="null"/> if it can carry the cluster's traffic.</summary>
    public string? FaultOf(Cluster cluster, string name)
    {
        if (_factory is null || (!_names.Contains(name) && !_names.Contains(null)))
        {
            // Null: something is said about all clients, or in a way that does not tell of which.
            return $"Nothing is registered for a client '{name}'. "
                + (NearestName.Of(name, _names.OfType<string>()) is { } nearest ? $"Did you mean '{nearest}'? " : string.Empty)
                + $"Add it with builder.Services.AddHttpClient(\"{name}\") and at least one handler; upper and lower case differ.";
        }

        uses.Add(name);
        try
        {
            return PrimaryOf(ChainOf(name)) is { } primary and not NamedPrimaryHandler ? FaultOf(primary, cluster, name) : null;
        }
#pragma warning disable CA1031 // Handlers are code of the host, and may throw anything when they are made.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return $"The handlers of client '{name}' cannot be made: {exception.Message}";
        }
    }

    /// <summary>Puts the chain of a client in front of the connections of a cluster.</summary>
    public NamedClientHandler Wrap(string name, HttpMessageHandler connections)
    {
        uses.Add(name);
        return new(this, name, connections);
    }

    /// <summary>The chain of a client. The factory makes another every few minutes and disposes the former when nobody refers to it any more: to be asked for each request, and never disposed.</summary>
    public HttpMessageHandler ChainOf(string name) => _factory!.CreateHandler(name);

    // The factory puts its logging around the primary handler, and handlers of the host may do the same with others.
    private static HttpMessageHandler? PrimaryOf(HttpMessageHandler? handler)
    {
        while (handler is DelegatingHandler outer)
        {
            handler = outer.InnerHandler;
        }

        return handler;
    }

    // A primary handler of the host's own takes the place of the gateway's connections: then it must leave answers as they are.
    private static string? FaultOf(HttpMessageHandler primary, Cluster cluster, string name)
    {
        string[] wrong = primary switch
        {
            SocketsHttpHandler sockets =>
            [
                .. sockets.AllowAutoRedirect ? ["AllowAutoRedirect = false"] : Array.Empty<string>(),
                .. sockets.UseCookies ? ["UseCookies = false"] : Array.Empty<string>(),
                .. sockets.AutomaticDecompression != DecompressionMethods.None ? ["AutomaticDecompression = DecompressionMethods.None"] : Array.Empty<string>(),
                .. sockets.ActivityHeadersPropagator is not null ? ["ActivityHeadersPropagator = null"] : Array.Empty<string>(),
            ],

            // It passes on the baggage of the host's activities, and that cannot be switched off.
            HttpClientHandler => ["a SocketsHttpHandler in place of the HttpClientHandler"],
            _ => [],
        };
        if (wrong.Length > 0)
        {
            return $"Client '{name}' has a primary handler of its own, which would change what destinations and clients get. Give it {string.Join(", ", wrong)}; or leave "
                + "the primary handler to the gateway. If the host itself has just used the client, it is the factory's, and is made anew when its lifetime (2 minutes by default) is over.";
        }

        var applied = new ClusterHttp
        {
            Client = name,
            Version = cluster.Http.Version,
            VersionPolicy = cluster.Http.VersionPolicy,
            WebSocketVersion = cluster.Http.WebSocketVersion,
            WebSocketVersionPolicy = cluster.Http.WebSocketVersionPolicy,
            MaxConnections = cluster.Http.MaxConnections,
        };
        return cluster.Http != applied || cluster.Tls != new ClusterTls()
            ? $"Client '{name}' has a primary handler of its own, so what the cluster says of connections and TLS would not apply. Remove it there, or leave the primary handler to the gateway."
            : null;
    }
}
