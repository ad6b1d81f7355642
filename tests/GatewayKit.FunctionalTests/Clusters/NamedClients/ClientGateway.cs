using System.Net;
using GatewayKit.Clusters;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Clusters.NamedClients;

/// <summary>Gateways whose cluster names a client of the host.</summary>
internal static class ClientGateway
{
    /// <param name="address">The destination.</param>
    /// <param name="client">Configures the client <c>orders</c>.</param>
    /// <param name="change">Changes the cluster, which names the client already.</param>
    public static Task<TestHost> StartAsync(Uri address, Action<IHttpClientBuilder> client, Func<Cluster, Cluster>? change = null) => Upstream.GatewayToAsync(
        address,
        cluster => change is null ? Named(cluster) : change(Named(cluster)),
        gateway => client(gateway.Services.AddHttpClient("orders")));

    private static Cluster Named(Cluster cluster) => cluster with { Http = cluster.Http with { Client = "orders" } };
}

/// <summary>A handler of the host's: changes a request on its way, or answers it.</summary>
internal sealed class HostHandler(Func<HttpRequestMessage, Func<HttpRequestMessage, Task<HttpResponseMessage>>, Task<HttpResponseMessage>> handle) : DelegatingHandler
{
    /// <summary>Adds a header to each request.</summary>
    public static HostHandler Adding(string name, string value) => new((request, next) =>
    {
        request.Headers.Add(name, value);
        return next(request);
    });

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        handle(request, message => base.SendAsync(message, cancellationToken));
}

/// <summary>An answer as it comes out of the wire.</summary>
internal static class Answers
{
    public static string Of(HttpStatusCode status, string fields = "", string body = "") => $"HTTP/1.1 {(int)status} X\r\n{fields}Content-Length: {body.Length}\r\n\r\n{body}";
}
