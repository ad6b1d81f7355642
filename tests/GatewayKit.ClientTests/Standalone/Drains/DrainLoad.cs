using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace GatewayKit.ClientTests.Standalone.Drains;

/// <summary>What a gateway is asked while it is told to stop, by clients behind a balancer that asks whether it is ready.</summary>
internal sealed class DrainLoad(Uri http1, Uri http2, CancellationToken limit)
{
    public static readonly TimeSpan AskEvery = TimeSpan.FromMilliseconds(100);

    // A balancer does not believe the first answer.
    private const int Threshold = 3;

    private int _isReady = 1, _requests, _late, _cut;

    /// <summary>What went wrong, in words.</summary>
    public ConcurrentQueue<string> Failures { get; } = new();

    public int Requests => Volatile.Read(ref _requests);

    /// <summary>Requests of a client that does not look at readiness; and those of them that got no answer, because the server closed under them.</summary>
    public (int Sent, int Cut) Late => (Volatile.Read(ref _late), Volatile.Read(ref _cut));

    private bool IsReady => Volatile.Read(ref _isReady) != 0;

    /// <summary>Asks for readiness until it is gone for good.</summary>
    public async Task WatchAsync()
    {
        using var client = new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero });
        for (var failures = 0; failures < Threshold; await Task.Delay(AskEvery, limit))
        {
            failures = await IsReadyAsync(client) ? 0 : failures + 1;
        }

        Volatile.Write(ref _isReady, 0);
    }

    /// <summary>One request after the other over connections that are kept, until the gateway is not ready.</summary>
    public async Task KeepAskingAsync(int name)
    {
        using var client = new KeepAliveClient(http1);
        for (var number = 0; IsReady; number++)
        {
            var (id, body) = ($"{name}-{number}", number % 2 == 0 ? string.Empty : number.ToString(CultureInfo.InvariantCulture));
            await NoteAsync(id, async () =>
            {
                var answer = await client.SendAsync(number % 2 == 0 ? "GET" : "POST", $"/short/{id}", body, limit);
                return answer is not { } given ? "Nobody listens." : given.Status == 200 && given.Body == $"{id} {body}" ? null : $"{given.Status} {given.Body}";
            });
        }
    }

    /// <summary>The same, until nobody listens.</summary>
    public async Task AskToTheEndAsync()
    {
        using var client = new KeepAliveClient(http1);
        for (var number = 0; ; number++)
        {
            try
            {
                if (await client.SendAsync("GET", $"/short/late-{number}", string.Empty, limit) is not { } answer)
                {
                    return;
                }

                Interlocked.Increment(ref _late);
                if (answer.Status != 200 && !answer.Body.Contains("\"draining\"", StringComparison.Ordinal))
                {
                    Failures.Enqueue($"late-{number}: {answer.Status} {answer.Body}");
                }
            }
            catch (Exception exception) when (exception is IOException or SocketException)
            {
                Interlocked.Increment(ref _late);
                Interlocked.Increment(ref _cut);
                client.Dispose();
            }
        }
    }

    /// <summary>Several streams at once on one connection, until the gateway is not ready.</summary>
    public async Task KeepAskingByHttp2Async(int name)
    {
        using var client = new HttpClient { DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async stream =>
        {
            for (var number = 0; IsReady; number++)
            {
                var id = $"{name}-{stream}-{number}";
                await NoteAsync(id, async () =>
                {
                    using var content = new StringContent(id);
                    using var answer = await client.PostAsync(new Uri(http2, $"/short/{id}"), content, limit);
                    var body = await answer.Content.ReadAsStringAsync(limit);
                    return answer.StatusCode is HttpStatusCode.OK && body == $"{id} {id}" ? null : $"{answer.StatusCode} {body}";
                });
            }
        }));
    }

    private async Task<bool> IsReadyAsync(HttpClient client)
    {
        try
        {
            using var answer = await client.GetAsync(new Uri(http1, "/readyz"), limit);
            return answer.StatusCode is HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private async Task NoteAsync(string id, Func<Task<string?>> ask)
    {
        string? wrong;
        try
        {
            wrong = await ask();
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or SocketException)
        {
            wrong = exception.ToString();
        }

        Interlocked.Increment(ref _requests);
        if (wrong is not null)
        {
            Failures.Enqueue($"{id}: {wrong}");
        }
    }
}
