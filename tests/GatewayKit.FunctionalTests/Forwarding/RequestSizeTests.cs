using System.Net;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Forwarding;

/// <summary>The server's limit of request bodies, and the code of docs/forwarding.md that lifts it for a route.</summary>
public sealed class RequestSizeTests
{
    [Theory]
    [InlineData("/plain", 1_000, HttpStatusCode.OK)]
    [InlineData("/plain", 1_001, HttpStatusCode.RequestEntityTooLarge)]
    [InlineData("/uploads/a", 2_000_000, HttpStatusCode.OK)]
    [InlineData("/uploads/a", 2_000_001, HttpStatusCode.RequestEntityTooLarge)]
    [InlineData("/archive", 3_000_000, HttpStatusCode.OK)]
    public async Task A_route_has_the_limit_of_the_server_or_its_own(string path, int length, HttpStatusCode status)
    {
        await using var destination = await TestHost.StartAsync(
            static builder => builder.Services.Configure<KestrelServerOptions>(static options => options.Limits.MaxRequestBodySize = null),
            static app => app.Map("/{**rest}", static (HttpContext context) => context.Request.Body.CopyToAsync(Stream.Null)));
        await using var gateway = await TestHost.GatewayAsync(
            services: builder =>
            {
                builder.Services.Configure<KestrelServerOptions>(static options => options.Limits.MaxRequestBodySize = 1_000);
                builder.AddCluster("files", destination.Address.ToString()).AddRoutes(Route("plain"), Route("archive"));
            },
            map: Map);
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(new byte[length]) };

        // A client that sends on after the refusal may find the connection closed before it has read it.
        request.Headers.ExpectContinue = true;
        using var response = await gateway.Client.SendAsync(request);
        Assert.Equal(status, response.StatusCode);
        if (status is HttpStatusCode.RequestEntityTooLarge)
        {
            Assert.Contains("\"code\":\"body-too-large\"", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    private static void Map(WebApplication app)
    {
        app.MapGatewayRoutes();
        app.MapGatewayRoutes(route => route.Id == "archive").WithMetadata(new DisableRequestSizeLimitAttribute());
        app.MapGatewayRoute("/uploads/{**rest}", cluster: "files").WithMetadata(new RequestSizeLimitAttribute(2_000_000));
    }

    private static GatewayRoute Route(string id) => new() { Id = id, Match = new() { Path = $"/{id}" }, Cluster = "files" };
}
