using System.Net;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Transforms;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace GatewayKit.FunctionalTests.Transforms;

/// <summary>HTTP/2 on both sides, where the server writes the trailers.</summary>
public sealed class TrailerTransformTests
{
    [Fact]
    public async Task Trailers_of_the_destinations_answer_are_kept_by_list_and_changed()
    {
        await using var upstream = await Upstream.StartAsync(
            async context =>
            {
                await context.Response.WriteAsync("body");
                context.Response.AppendTrailer("X-Sum", "4");
                context.Response.AppendTrailer("X-Other", "o");
                context.Response.AppendTrailer("X-Gone", "g");
            },
            HttpProtocols.Http2);
        await using var gateway = await Upstream.GatewayToAsync(
            upstream.Address,
            static cluster => cluster with { Http = cluster.Http with { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact } },
            static builder => builder.AddDefaults(TransformPolicy.Of(steps => steps
                .ResponseTrailersAllowed("X-Sum", "X-Gone").ResponseTrailerRemove("X-Gone").ResponseTrailer("X-New", set: "n"))),
            HttpProtocols.Http2);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var response = await gateway.Client.SendAsync(request);
        Assert.Equal("body", await response.Content.ReadAsStringAsync());
        Assert.Equal("4", response.TrailingHeaders.GetValues("X-Sum").Single());
        Assert.Equal("n", response.TrailingHeaders.GetValues("X-New").Single());
        Assert.False(response.TrailingHeaders.Contains("X-Other"));
        Assert.False(response.TrailingHeaders.Contains("X-Gone"));
    }
}
