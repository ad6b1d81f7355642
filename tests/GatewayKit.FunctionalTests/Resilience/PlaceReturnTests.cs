using System.Net;
using GatewayKit.Clusters;
using GatewayKit.FunctionalTests.Clusters.NamedClients;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GatewayKit.FunctionalTests.Resilience;

/// <summary>What a request holds is given back, once, whatever code of the host throws on the way.</summary>
public sealed class PlaceReturnTests
{
    private const int ForwardFailed = 1300;
    private const int CircuitOpened = 1430;

    // The circuit says that it opens while the answer is taken.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Log_that_throws_when_an_answer_comes_costs_no_place(int retries)
    {
        await using var upstream = await Upstream.StartAsync(static context =>
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return Task.CompletedTask;
        });
        await using var gateway = await StartAsync(upstream.Address, CircuitOpened, retries);
        using var answer = await gateway.Client.GetAsync("/", TestContext.Current.CancellationToken);
        Assert.InRange((int)answer.StatusCode, 500, 504);
        Assert.Equal((0, 0, 0), await QuietAsync(gateway));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Log_that_throws_when_an_attempt_fails_costs_no_place(int retries)
    {
        await using var upstream = RawUpstream.Start(static async (connection, _) => await connection.ReadHeadAsync());
        await using var gateway = await StartAsync(upstream.Address, ForwardFailed, retries);
        for (var i = 0; i < 3; i++)
        {
            using var answer = await gateway.Client.GetAsync("/", TestContext.Current.CancellationToken);
            Assert.InRange((int)answer.StatusCode, 500, 504);
        }

        Assert.Equal((0, 0, 0), await QuietAsync(gateway));
    }

    [Fact]
    public async Task Answer_that_throws_when_it_is_disposed_costs_no_place()
    {
        await using var upstream = await Upstream.StartAsync(static context => context.Response.WriteAsync("hello"));
        await using var gateway = await ClientGateway.StartAsync(
            upstream.Address,
            static client => client.AddHttpMessageHandler(static () => new HostHandler(static async (request, next) =>
            {
                var answer = await next(request);
                answer.Content = new UndisposableContent(answer.Content);
                return answer;
            })),
            static cluster => cluster with { Limits = new() { MaxInFlight = 1, Queue = 0 } });
        for (var i = 0; i < 3; i++)
        {
            // Its head is out before anything is disposed.
            using var answer = await gateway.Client.GetAsync("/", HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal((0, 0, 0), await QuietAsync(gateway));
        }
    }

    private static Task<TestHost> StartAsync(Uri address, int eventId, int retries) => Upstream.GatewayToAsync(
        address,
        cluster => cluster with
        {
            Limits = new() { MaxInFlight = 1, Queue = 0 },
            CircuitBreaker = new() { FailuresInARow = 1 },
            Retry = retries == 0 ? null : new() { MaxRetries = retries },
        },
        gateway => gateway.Services.AddSingleton<ILoggerProvider>(new ThrowingLog(eventId)));

    private static (int Requests, int Streams, int Attempts) Taken(TestHost gateway)
    {
        var bulkhead = gateway.App.Services.GetRequiredService<GatewayKit.Resilience.Bulkheads.Bulkheads>().ForCluster("up");
        var cluster = gateway.App.Services.GetRequiredService<ClusterStates>().InForce["up"];
        return (bulkhead.Requests.Taken, bulkhead.Streams.Taken, cluster.Destinations.Sum(static destination => destination.InFlight));
    }

    private static async Task<(int Requests, int Streams, int Attempts)> QuietAsync(TestHost gateway)
    {
        for (var look = 0; Taken(gateway) != (0, 0, 0) && look < 400; look++)
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        return Taken(gateway);
    }

    private sealed class UndisposableContent : HttpContent
    {
        private readonly HttpContent _inner;

        public UndisposableContent(HttpContent inner)
        {
            _inner = inner;
            foreach (var (name, values) in inner.Headers)
            {
                Headers.TryAddWithoutValidation(name, values);
            }
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => _inner.CopyToAsync(stream, context);

        protected override Task<Stream> CreateContentReadStreamAsync() => _inner.ReadAsStreamAsync();

        protected override Stream CreateContentReadStream(CancellationToken cancellationToken) => _inner.ReadAsStream(cancellationToken);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }

        protected override void Dispose(bool disposing)
        {
            _inner.Dispose();
            base.Dispose(disposing);
            if (disposing)
            {
                throw new InvalidOperationException("A content of the host.");
            }
        }
    }

    private sealed class ThrowingLog(int eventId) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId id, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (id.Id == eventId)
            {
                throw new InvalidOperationException("A log of the host.");
            }
        }

        public void Dispose()
        {
        }
    }
}
