extern alias StandaloneApp;

using System.Net;
using GatewayKit.Testing;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.SampleTests;

/// <summary>The configuration that comes with Standalone, in process: how a user tests a file of routes.</summary>
public sealed class StandaloneTests : IDisposable
{
    private readonly UpstreamInMemory _orders = new();
    private readonly FakeTimeProvider _time = new();
    private readonly WebApplicationFactory<StandaloneApp::Program> _app;
    private readonly HttpClient _client;
    private GatewayRecorder _recorder = null!;

    public StandaloneTests()
    {
        _app = new WebApplicationFactory<StandaloneApp::Program>().WithWebHostBuilder(host =>
        {
            host.UseSetting("config", Path.Combine(AppContext.BaseDirectory, "gateway.json"));
            host.ConfigureTestServices(services =>
            {
                services.AddSingleton<TimeProvider>(_time);
                _recorder = services.AddApiGateway().UseUpstreamHandler("orders", () => _orders).RecordDecisions();
            });
        });
        _client = _app.CreateClient();
    }

    public void Dispose()
    {
        _client.Dispose();
        _app.Dispose();
        _orders.Dispose();
    }

    [Fact]
    public async Task Alive_is_answered_by_the_gateway_itself() => Assert.Equal("alive\n", await _client.GetStringAsync("/alive"));

    [Fact]
    public async Task Orders_go_to_one_of_the_two_destinations()
    {
        Assert.Equal("/orders/7", await _client.GetStringAsync("/orders/7"));
        var request = await _recorder.NextAsync();
        Assert.Equal("orders", request.ClusterId);
        Assert.InRange(request.DestinationAddress!.Port, 5001, 5002);
    }

    [Fact]
    public async Task Orders_are_throttled_after_a_hundred()
    {
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(HttpStatusCode.OK, await StatusAsync("/orders"));
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, await StatusAsync("/orders"));
        _time.Advance(TimeSpan.FromMilliseconds(20));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("/orders"));
    }

    private async Task<HttpStatusCode> StatusAsync(string path)
    {
        using var answer = await _client.GetAsync(path);
        return answer.StatusCode;
    }
}
