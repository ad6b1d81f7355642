using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using GatewayKit.Identity.ApiKeys;
using GatewayKit.Identity.Consumers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Benchmarks.Identity;

/// <summary>
/// A flood of well-formed keys that nobody has, over sockets: each has the right prefix and checksum, so that only the store can tell. Nobody gets in, somebody with a key still does, and
/// memory does not grow with the number of keys.
/// </summary>
internal static class KeyFloodRun
{
    private const int Connections = 32;
    private const int Batch = 16;
    private const long MostGrowth = 16 << 20;

    public static async Task<int> RunAsync(string[] args)
    {
        var total = args is [var given] ? int.Parse(given, CultureInfo.InvariantCulture) : 1_000_000;
        var own = ApiKey.Create();
        await using var app = await StartAsync(own);
        var port = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;
        var marks = new List<long>();
        var watch = Stopwatch.StartNew();
        for (var part = 0; part < 10; part++)
        {
            var each = total / 10 / Connections;
            var refused = (await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => Task.Run(() => FloodAsync(port, each))))).Sum();
            if (refused != each * Connections)
            {
                Console.WriteLine($"{(each * Connections) - refused} keys that nobody has were not refused by 401.");
                return 1;
            }

            marks.Add(GC.GetTotalMemory(forceFullCollection: true));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(part + 1) * each * Connections,9:N0} keys after {watch.Elapsed.TotalSeconds,4:0} s: {marks[^1] / 1048576.0:0.0} MiB of live objects, {Process.GetCurrentProcess().WorkingSet64 / 1048576.0:0} MiB resident"));
        }

        var growth = marks[^1] - marks[4];
        var isServed = await AskAsync(port, own.Reveal()) is 200;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"From the half on {growth / 1048576.0:+0.0;-0.0} MiB; a caller with a key is {(isServed ? "served" : "REFUSED")}."));
        return isServed && growth < MostGrowth ? 0 : 1;
    }

    private static async Task<WebApplication> StartAsync(ApiKey own)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddRoutingCore().AddLogging(static logging => logging.SetMinimumLevel(LogLevel.Warning));

        // The limit of guesses would end the flood with its first hundred.
        builder.Services.Configure<ApiKeyOptions>(static options => options.FailuresPerMinute = 0);
        builder.Services.AddApiGateway().AddConsumers([new Consumer { Id = "acme", Keys = [own.ToStored()] }]);
        var app = builder.Build();
        app.UseRouting();
        app.MapGet("/", static () => "in").RequireApiKey();
        await app.StartAsync();
        return app;
    }

    private static async Task<int> FloodAsync(int port, int keys)
    {
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, port);
        var stream = client.GetStream();
        var (request, answer, refused) = (new StringBuilder(), new byte[64 * 1024], 0);
        for (var sent = 0; sent < keys;)
        {
            request.Clear();
            var count = Math.Min(Batch, keys - sent);
            for (var i = 0; i < count; i++)
            {
                request.Append(CultureInfo.InvariantCulture, $"GET / HTTP/1.1\r\nHost: a\r\nX-Api-Key: {ApiKey.Create().Reveal()}\r\n\r\n");
            }

            await stream.WriteAsync(Encoding.ASCII.GetBytes(request.ToString()));
            refused += await CountAsync(stream, answer, count);
            sent += count;
        }

        return refused;
    }

    // Answers are pipelined: each begins with its status line.
    private static async Task<int> CountAsync(NetworkStream stream, byte[] buffer, int answers)
    {
        var (length, refused) = (0, 0);
        while (true)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(length));
            length += read;
            var text = Encoding.ASCII.GetString(buffer, 0, length);
            refused = Count(text, "HTTP/1.1 401 ");
            if (read is 0 || (Count(text, "HTTP/1.1 ") == answers && (text.EndsWith("\r\n0\r\n\r\n", StringComparison.Ordinal) || IsWhole(text))))
            {
                return refused;
            }
        }
    }

    private static bool IsWhole(string text)
    {
        var head = text.LastIndexOf("HTTP/1.1 ", StringComparison.Ordinal);
        var body = text.IndexOf("\r\n\r\n", head, StringComparison.Ordinal);
        var at = text.IndexOf("Content-Length: ", head, StringComparison.Ordinal);
        return body > 0 && at > 0 && text.Length - body - 4 >= int.Parse(text.AsSpan(at + 16, text.IndexOf('\r', at) - at - 16), CultureInfo.InvariantCulture);
    }

    private static int Count(string text, string word) => text.AsSpan().Count(word);

    private static async Task<int> AskAsync(int port, string key)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"http://127.0.0.1:{port}/")) { Headers = { { "X-Api-Key", key } } };
        using var answer = await client.SendAsync(request);
        return (int)answer.StatusCode;
    }
}
