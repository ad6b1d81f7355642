using System.Net;
using System.Net.WebSockets;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Routing;

public sealed class WebSocketMatchingTests
{
    [Fact]
    public async Task WebSocket_over_http_2_reaches_the_route_that_allows_get_and_keeps_its_policies()
    {
        await using var gateway = await GatewayAsync();
        using var socket = new ClientWebSocket { Options = { HttpVersion = HttpVersion.Version20, HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact } };
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false });
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{gateway.Address.Port}/socket"), invoker, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(WebSocketState.Open, socket.State);
    }

    [Fact]
    public async Task Allow_does_not_name_connect()
    {
        await using var gateway = await GatewayAsync();
        using var request = new HttpRequestMessage(HttpMethod.Delete, new Uri(gateway.Address, "/socket")) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var answer = await gateway.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
        Assert.DoesNotContain("CONNECT", answer.Content.Headers.Allow);
    }

    // The filter stands for the forwarder: it accepts what reaches the route.
    private static Task<TestHost> GatewayAsync() => TestHost.StartAsync(
        builder => builder.Services.AddApiGateway().AddCluster("up", "http://127.0.0.1:9").AddRoutes(
            new GatewayRoute { Id = "socket", Match = new() { Path = "/socket", Methods = ["GET"] }, Cluster = "up" },
            new GatewayRoute { Id = "post", Match = new() { Path = "/socket", Methods = ["POST"] }, Respond = new() { Status = 418 } }),
        app => app.MapGatewayRoutes().AddEndpointFilter(static (context, next) =>
            HttpMethods.IsConnect(context.HttpContext.Request.Method) && context.HttpContext.GetEndpoint()!.Metadata.GetMetadata<GatewayRoute>()!.Id == "socket"
                ? new(Results.Ok())
                : next(context)),
        HttpProtocols.Http2);
}
