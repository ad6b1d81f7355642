using GatewayKit.Clusters;

namespace GatewayKit.Tests.Clusters;

public sealed class ClusterTransportTests
{
    [Fact]
    public void Retired_transport_lives_until_its_last_request_is_done()
    {
        var handler = new CountingHandler();
        var transport = new ClusterTransport(() => handler);
        transport.Acquire();
        transport.Acquire();
        transport.Retire();
        transport.Release();
        Assert.Equal(0, handler.Disposals);
        transport.Release();
        Assert.Equal(1, handler.Disposals);
        Assert.False(transport.IsOpen);
    }

    [Fact]
    public void Retiring_twice_counts_once()
    {
        var handler = new CountingHandler();
        var transport = new ClusterTransport(() => handler);
        transport.Acquire();
        transport.Retire();
        transport.Retire();
        Assert.Equal(0, handler.Disposals);
    }

    [Fact]
    public void Late_request_gets_connections_of_its_own_and_closes_them()
    {
        var handlers = new List<CountingHandler>();
        var transport = new ClusterTransport(() =>
        {
            handlers.Add(new());
            return handlers[^1];
        });
        transport.Retire();
        transport.Acquire();
        Assert.Equal([1, 0], handlers.Select(static handler => handler.Disposals));
        transport.Release();
        Assert.Equal([1, 1], handlers.Select(static handler => handler.Disposals));
    }

    [Fact]
    public async Task Nobody_gets_a_disposed_handler_while_requests_come_and_go()
    {
        for (var round = 0; round < 200; round++)
        {
            var transport = new ClusterTransport(static () => new CountingHandler());
            var workers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
            {
                for (var i = 0; i < 50; i++)
                {
                    using var request = new HttpRequestMessage(HttpMethod.Get, "http://a");
                    var invoker = transport.Acquire();
                    using var answer = await invoker.SendAsync(request, CancellationToken.None);
                    transport.Release();
                }
            })).ToArray();
            transport.Retire();
            await Task.WhenAll(workers);
            Assert.False(transport.IsOpen);
        }
    }

    [Fact]
    public void Handler_has_no_default_left()
    {
        using var handler = UpstreamHandlers.Create(new(), new(), TimeSpan.FromSeconds(5));
        Assert.False(handler.AllowAutoRedirect);
        Assert.False(handler.UseCookies);
        Assert.False(handler.UseProxy);
        Assert.Equal(System.Net.DecompressionMethods.None, handler.AutomaticDecompression);
        Assert.Null(handler.ActivityHeadersPropagator);
        Assert.Equal(TimeSpan.FromSeconds(5), handler.ConnectTimeout);
        Assert.Equal(TimeSpan.FromMinutes(3), handler.PooledConnectionLifetime);
        Assert.Equal(TimeSpan.FromSeconds(55), handler.PooledConnectionIdleTimeout);
        Assert.Equal(1_024, handler.MaxConnectionsPerServer);
        Assert.Equal(64, handler.MaxResponseHeadersLength);
        Assert.True(handler.EnableMultipleHttp2Connections);
        Assert.Equal(TimeSpan.FromSeconds(30), handler.KeepAlivePingDelay);
    }

    private sealed class CountingHandler : HttpMessageHandler
    {
        private int _disposals;

        public int Disposals => _disposals;

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            ObjectDisposedException.ThrowIf(_disposals > 0, this);
            return Task.FromResult(new HttpResponseMessage());
        }

        protected override void Dispose(bool disposing)
        {
            Interlocked.Increment(ref _disposals);
            base.Dispose(disposing);
        }
    }
}
