using System.Net;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Forwarding;

/// <summary>What large bodies take in memory. Nothing else runs meanwhile: it is that of the whole process.</summary>
[Collection(nameof(LargeBodyTests))]
[CollectionDefinition(nameof(LargeBodyTests), DisableParallelization = true)]
public sealed class LargeBodyTests
{
    [Fact]
    public async Task Large_bodies_pass_both_ways_in_bounded_memory()
    {
        const int Size = 256 * 1_024 * 1_024;
        await using var upstream = await Upstream.StartAsync(
            async context =>
            {
                context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = null;
                await context.Request.Body.CopyToAsync(context.Response.Body);
            },
            HttpProtocols.Http2);
        await using var gateway = await Upstream.GatewayToAsync(
            upstream.Address,
            cluster => cluster with { Http = new() { Version = new(2, 0), VersionPolicy = HttpVersionPolicy.RequestVersionExact } },
            builder => builder.Services.Configure<KestrelServerOptions>(options => options.Limits.MaxRequestBodySize = null),
            HttpProtocols.Http2);
        var content = new Zeros(Size);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/")
        {
            Content = content,
            Version = new(2, 0),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var answer = await gateway.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await using var body = await answer.Content.ReadAsStreamAsync();

        // Of the whole process: a sixteenth of a body is more than windows and buffers are.
        var (buffer, total, peak, before) = (new byte[81_920], 0L, 0L, GC.GetTotalMemory(forceFullCollection: true));
        for (int read; (read = await body.ReadAsync(buffer)) > 0;)
        {
            total += read;
            if (total % (16 * 1_024 * 1_024) < read)
            {
                peak = Math.Max(peak, GC.GetTotalMemory(forceFullCollection: true));
            }
        }

        Assert.Equal(Size, total);
        Assert.True(peak - before < Size / 16, $"Heap grew from {before} to {peak} bytes.");
    }

    private sealed class Zeros(long size) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
        {
            var buffer = new byte[65_536];
            for (var sent = 0L; sent < size; sent += buffer.Length)
            {
                await stream.WriteAsync(buffer);
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = size;
            return true;
        }
    }
}
