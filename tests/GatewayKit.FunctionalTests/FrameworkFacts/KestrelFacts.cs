using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.FunctionalTests.FrameworkFacts;

/// <summary>What Kestrel does that the forwarder relies on, or works around.</summary>
public sealed class KestrelFacts
{
    /// <summary>
    /// Where one known option is among the names, Kestrel replaces the whole header by that option, and the names are lost: a gateway cannot
    /// remove what it cannot see. Our own fields are safe because they are written last.
    /// </summary>
    [Theory]
    [InlineData("X-A", "X-A")]
    [InlineData("X-A, X-B", "X-A, X-B")]
    [InlineData("keep-alive, upgrade, X-A", "keep-alive, upgrade, X-A")]
    [InlineData("close, X-A", "close")]
    [InlineData("X-A, close", "close")]
    [InlineData("keep-alive, X-A", "keep-alive")]
    public async Task Connection_header_loses_the_names_beside_a_known_option(string sent, string seen)
    {
        await using var host = await Upstream.StartAsync(context => context.Response.WriteAsync($"[{context.Request.Headers.Connection}]"));
        using var client = await RawConnection.ConnectAsync(host.Address);
        await client.SendAsync($"GET / HTTP/1.1\r\nHost: a\r\nConnection: {sent}\r\n\r\n");
        Assert.Contains($"[{seen}]", await client.ReadThroughAsync("]"));
    }
}
