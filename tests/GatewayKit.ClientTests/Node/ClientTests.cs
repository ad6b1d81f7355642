using System.Globalization;
using GatewayKit.ClientTests.Hosting;

namespace GatewayKit.ClientTests.Node;

/// <summary>Clients from npm see the same of a service directly and through Standalone, line by line of what their scripts print.</summary>
public sealed class ClientTests(ClientFixture fixture) : IClassFixture<ClientFixture>
{
    private static int _runs;

    [Theory]
    [InlineData("undici", Wire.ClearText, 32)]
    [InlineData("undici", Wire.Tls, 34)]
    [InlineData("ws", Wire.ClearText, 15)]
    [InlineData("ws", Wire.Tls, 15)]
    [InlineData("eventsource", Wire.ClearText, 4)]
    [InlineData("eventsource", Wire.Tls, 4)]
    [InlineData("signalr", Wire.ClearText, 21)]
    [InlineData("signalr", Wire.Tls, 21)]
    [InlineData("openai", Wire.ClearText, 12)]
    [InlineData("openai", Wire.Tls, 12)]
    [InlineData("anthropic", Wire.ClearText, 10)]
    [InlineData("anthropic", Wire.Tls, 10)]
    public async Task Client_sees_through_the_gateway_what_it_sees_directly(string client, Wire wire, int lines)
    {
        var direct = await RunAsync(client, wire, Way.Direct);
        Assert.Equal(lines, direct.Length);
        Assert.Equal(direct, await RunAsync(client, wire, Way.ThroughGateway));
    }

    private Task<string[]> RunAsync(string client, Wire wire, Way way) => NodeClient.RunAsync(
        $"{client}.mjs", fixture.Certificate, fixture.Address(wire, way).ToString(), Interlocked.Increment(ref _runs).ToString(CultureInfo.InvariantCulture));
}
