using System.Collections.Concurrent;
using System.Diagnostics;

namespace GatewayKit.Benchmarks.Faults;

/// <summary>
/// Sends requests at a rate, whatever becomes of those before: clients do not wait for each other either, and a closed loop would hide what a
/// stall costs. Latency counts from when a request was due.
/// </summary>
/// <param name="client">Sends them.</param>
/// <param name="create">Makes one from its number.</param>
/// <param name="patience">How long a client waits for an answer. Default a minute.</param>
internal sealed class OpenLoop(HttpMessageInvoker client, Func<int, HttpRequestMessage> create, TimeSpan? patience = null)
{
    private readonly TimeSpan _patience = patience ?? TimeSpan.FromSeconds(60);

    /// <summary>Sends for a while and waits for what is under way.</summary>
    /// <param name="perSecond">The rate.</param>
    /// <param name="length">How long.</param>
    public async Task<IReadOnlyList<Sample>> RunAsync(double perSecond, TimeSpan length)
    {
        var samples = new ConcurrentBag<Sample>();
        var sending = new List<Task>();
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; ; i++)
        {
            var due = TimeSpan.FromSeconds(i / perSecond);
            if (due >= length)
            {
                break;
            }

            if (due - Stopwatch.GetElapsedTime(start) is { } wait && wait > TimeSpan.FromMilliseconds(1))
            {
                await Task.Delay(wait);
            }

            sending.Add(SendAsync(i, start + (long)(due.TotalSeconds * Stopwatch.Frequency), samples));
        }

        await Task.WhenAll(sending);
        return [.. samples];
    }

    private async Task SendAsync(int number, long due, ConcurrentBag<Sample> samples)
    {
        await Task.Yield();
        using var limit = new CancellationTokenSource(_patience);
        using var request = create(number);
        var (status, reason, sent) = (0, "", Stopwatch.GetTimestamp());
        try
        {
            using var answer = await client.SendAsync(request, limit.Token);
            var body = await answer.Content.ReadAsStringAsync(limit.Token);
            (status, reason) = ((int)answer.StatusCode, CodeOf(body));
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or IOException)
        {
            reason = "broken off";
        }

        samples.Add(new(number, request.Method.Method, request.RequestUri!.AbsolutePath, status, reason, Stopwatch.GetElapsedTime(due).TotalMilliseconds, Stopwatch.GetElapsedTime(sent).TotalMilliseconds, due));
    }

    private static string CodeOf(string body)
    {
        const string Before = "\"code\":\"";
        var at = body.IndexOf(Before, StringComparison.Ordinal);
        return at < 0 ? "" : body[(at + Before.Length)..body.IndexOf('"', at + Before.Length)];
    }
}

/// <summary>One request of a load.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Method">Its method.</param>
/// <param name="Path">Its path.</param>
/// <param name="Status">The status of the answer; 0 without one.</param>
/// <param name="Reason">The reason code of a refusal.</param>
/// <param name="Milliseconds">From when it was due to its answer: what a client feels, with the steps of the timer that sends it.</param>
/// <param name="SinceSent">From when it was sent to its answer.</param>
/// <param name="Due">When it was due, as a timestamp.</param>
internal readonly record struct Sample(int Number, string Method, string Path, int Status, string Reason, double Milliseconds, double SinceSent, long Due)
{
    public bool IsServed => Status is >= 200 and < 300;
}
