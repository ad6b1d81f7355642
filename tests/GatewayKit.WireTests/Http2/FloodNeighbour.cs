using GatewayKit.WireTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.WireTests.Http2;

/// <summary>Another client of a gateway that is being flooded. It is answered by an endpoint of the host: the destination may be busy.</summary>
internal sealed class FloodNeighbour : IDisposable
{
    private const string Path = "/neighbour";

    private readonly Http2Client _client;
    private int _stream = -1;

    private FloodNeighbour(Http2Client client) => _client = client;

    public static void Map(WebApplication app) => app.MapGet(Path, static () => Results.Text("here"));

    public static async Task<FloodNeighbour> ConnectAsync(WireGateway gateway)
    {
        var neighbour = new FloodNeighbour(await Http2Client.ConnectAsync(gateway));
        await neighbour.IsServedAsync();
        return neighbour;
    }

    public async Task IsServedAsync()
    {
        _stream += 2;
        Assert.Equal("here", (await _client.AskAsync(_stream, Http2Client.Get(Path))).Data);
    }

    public void Dispose() => _client.Dispose();
}
