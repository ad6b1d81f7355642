using GatewayKit.ClientTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.ClientTests.SignalR;

/// <summary>A SignalR client → Standalone → a hub, over each transport that SignalR has.</summary>
public sealed class SignalRTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private Upstream _upstream = null!;
    private StandaloneProcess _standalone = null!;

    public async ValueTask InitializeAsync()
    {
        _upstream = await Upstream.StartAsync(
            static app => app.MapHub<EchoHub>("/echo"),
            static services => services.AddSignalR(static options => options.MaximumReceiveMessageSize = 1_000_000));
        _standalone = await StandaloneProcess.StartAsync(StandaloneProcess.ForwardAllTo(_upstream.Address));
    }

    public async ValueTask DisposeAsync()
    {
        await _standalone.DisposeAsync();
        await _upstream.DisposeAsync();
    }

    [Theory]
    [InlineData(HttpTransportType.WebSockets)]
    [InlineData(HttpTransportType.ServerSentEvents)]
    [InlineData(HttpTransportType.LongPolling)]
    public async Task Hub_answers_streams_and_calls_back(HttpTransportType transport)
    {
        await using var connection = new HubConnectionBuilder().WithUrl(new Uri(_standalone.Address, "/echo"), transport).Build();
        var heard = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        connection.On<string>("heard", heard.SetResult);
        await connection.StartAsync().WaitAsync(Limit);

        Assert.Equal(transport.ToString(), await connection.InvokeAsync<string>("Transport").WaitAsync(Limit));
        var large = new string('x', 300_000);
        Assert.Equal(large, await connection.InvokeAsync<string>("Echo", large).WaitAsync(Limit));
        await connection.SendAsync("Shout", "hello").WaitAsync(Limit);
        Assert.Equal("hello", await heard.Task.WaitAsync(Limit));
        Assert.Equal(Enumerable.Range(1, 50), await connection.StreamAsync<int>("Count", 50).ToListAsync().AsTask().WaitAsync(Limit));
        await connection.StopAsync().WaitAsync(Limit);
    }
}
