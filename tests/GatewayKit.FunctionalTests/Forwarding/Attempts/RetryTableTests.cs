using System.Net;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.FunctionalTests.Forwarding.Attempts;

/// <summary>
/// Every fault with every kind of request: what may be sent again is, what may not is not, and the reason on record is the first that speaks
/// against it. A request that is not idempotent reaches the destination once, whatever happens.
/// </summary>
public sealed class RetryTableTests : IAsyncLifetime
{
    private const int Kept = 1_000;

    private static readonly string[] Faults = ["reset", "unread reset", "silence", "502", "503", "504", "500", "429", "501", "404"];
    private static readonly string[] Methods = ["GET", "HEAD", "PUT", "DELETE", "POST", "PATCH", "POST with a key"];
    private static readonly int[] BodySizes = [0, Kept, 400_000];

    private readonly FakeTimeProvider _time = new();
    private volatile string _current = "";
    private FailsOnce _destination = null!;
    private TestHost _gateway = null!;
    private RetryDecisions _decisions = null!;

    public async ValueTask InitializeAsync()
    {
        _destination = await FailsOnce.StartAsync();
        _gateway = await Upstream.GatewayToAsync(
            _destination.Address,
            static cluster => cluster with
            {
                Destinations = new Dictionary<string, GatewayKit.Clusters.Destination> { ["a"] = cluster.Destinations["a"], ["b"] = cluster.Destinations["a"] with { Host = "b" } },
                Retry = new() { BaseDelay = TimeSpan.Zero, ReplayBufferBytes = Kept, HonorIdempotencyKey = true, Budget = new() { MinPerSecond = 1_000 } },
                Timeouts = new() { Total = TimeSpan.FromHours(10) },
                CircuitBreaker = new() { Mode = GatewayKit.Pipeline.PolicyMode.Off },
            },
            builder => builder.Services.AddSingleton<TimeProvider>(_time));
        _decisions = new(_gateway);
        
        // The destination hears late that it was given up, and must not wind the clock of the next request.
        _destination.OnSilence = id => _time.Advance(id == _current && _decisions.IsEmpty ? TimeSpan.FromSeconds(1) : TimeSpan.Zero);
    }

    public async ValueTask DisposeAsync()
    {
        _decisions.Dispose();
        await _gateway.DisposeAsync();
        await _destination.DisposeAsync();
    }

    [Fact]
    public async Task Each_fault_with_each_request_is_retried_or_not_for_the_reason_expected()
    {
        var wrong = new List<string>();
        var cases = 0;
        foreach (var fault in Faults)
        {
            foreach (var method in Methods)
            {
                foreach (var size in BodySizes.Where(size => size == 0 || method is not ("GET" or "HEAD")))
                {
                    cases++;
                    var id = $"{fault}-{method}-{size}";
                    _current = id;
                    var status = await SendAsync(id, fault, method, size);
                    var expected = Expected(fault, method, size);
                    _current = "";
                    var (seen, decided) = (_destination.Seen(id), _decisions.Take());
                    var isRetried = expected is "retried";
                    if (decided != expected || seen != (isRetried ? 2 : 1) || (status == HttpStatusCode.OK) != isRetried
                        || (isRetried && _destination.BodyOf(id).Length != size))
                    {
                        wrong.Add($"{id}: {status}, {decided} instead of {expected}, delivered {seen} times, body {_destination.BodyOf(id).Length}");
                    }
                }
            }
        }

        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
        Assert.Equal(Faults.Length * 17, cases);
    }

    // Another's words for the same rules, from the top.
    private static string Expected(string fault, string method, int size)
    {
        if (fault is "500" or "429" or "501" or "404")
        {
            return "not-retryable";
        }

        if (method is "POST" or "PATCH")
        {
            return "not-safe";
        }

        return size > Kept ? "body-gone" : "retried";
    }

    private async Task<HttpStatusCode> SendAsync(string id, string fault, string method, int size)
    {
        using var request = new HttpRequestMessage(new(method.Split(' ')[0]), "/");
        request.Headers.Add("X-Test-Id", id);
        request.Headers.Add("X-Fault", fault);
        if (method.EndsWith("key", StringComparison.Ordinal))
        {
            request.Headers.Add("Idempotency-Key", id);
        }

        if (size > 0)
        {
            request.Content = new ByteArrayContent(new byte[size]);
        }

        using var answer = await _gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }
}
