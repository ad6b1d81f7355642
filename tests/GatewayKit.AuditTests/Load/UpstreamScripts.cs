namespace GatewayKit.AuditTests.Load;

/// <summary>
/// What a destination can do to a request that it has read: some are well, most are not. Named by the field <c>x-script</c> of the request. A script says whether its connection may be used again.
/// </summary>
internal static class UpstreamScripts
{
    private const string Ok = "HTTP/1.1 200 OK\r\n";

    // Longer than the limits that the gateway has in these runs.
    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(700);

    /// <summary>The faults, by name.</summary>
    public static IReadOnlyDictionary<string, Func<Wire, Task>> Faults { get; } = new Dictionary<string, Func<Wire, Task>>
    {
        ["reset-before-the-head"] = static wire => ResetAsync(wire, string.Empty),
        ["close-before-the-head"] = static wire => wire.SendAsync(string.Empty),
        ["reset-in-the-head"] = static wire => ResetAsync(wire, Ok + "Conte"),
        ["close-in-the-head"] = static wire => wire.SendAsync(Ok + "Conte"),
        ["close-in-the-body"] = static wire => wire.SendAsync(Ok + "Content-Length: 10\r\n\r\n12345"),
        ["no-last-chunk"] = static wire => wire.SendAsync(Ok + "Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n"),
        ["close-in-a-chunk"] = static wire => wire.SendAsync(Ok + "Transfer-Encoding: chunked\r\n\r\na\r\n12345"),
        ["close-in-the-trailers"] = static wire => wire.SendAsync(Ok + "Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n0\r\nX-A: b\r\n"),
        ["reset-in-the-body"] = static wire => ResetAsync(wire, Ok + "Content-Length: 10\r\n\r\n12345"),
        ["silence"] = static wire => SilentAsync(wire, string.Empty),
        ["silence-in-the-head"] = static wire => SilentAsync(wire, Ok + "Conte"),
        ["silence-in-the-body"] = static wire => SilentAsync(wire, Ok + "Content-Length: 10\r\n\r\n12345"),
        ["trickle"] = TrickleAsync,
        ["two-lengths"] = static wire => wire.SendAsync(Ok + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n12"),
        ["negative-length"] = static wire => wire.SendAsync(Ok + "Content-Length: -1\r\n\r\n1"),
        ["length-and-chunks"] = static wire => wire.SendAsync(Ok + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n1\r\n0\r\n\r\n"),
        ["bad-chunk-size"] = static wire => wire.SendAsync(Ok + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n12345\r\n0\r\n\r\n"),
        ["chunk-without-its-end"] = static wire => wire.SendAsync(Ok + "Transfer-Encoding: chunked\r\n\r\n5\r\n123456789\r\n0\r\n\r\n"),
        ["surplus-bytes"] = static wire => wire.SendAsync(Ok + "Content-Length: 1\r\n\r\n1HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"),
        ["garbage"] = static wire => wire.SendAsync("SSH-2.0-OpenSSH_9.6\r\n\r\n"),
        ["http-0.9"] = static wire => wire.SendAsync("<html>hello</html>\r\n\r\n"),
        ["tls-alert"] = static wire => wire.SendAsync("\u0015\u0003\u0003\0\u0002\u0002\u0046"),
        ["bad-status"] = static wire => wire.SendAsync("HTTP/1.1 2000 OK\r\n\r\n"),
        ["endless-status-line"] = static wire => AgainAsync(wire, "HTTP/1.1 200 OK", "k"),
        ["endless-field"] = static wire => AgainAsync(wire, Ok + "X-Large: ", "x"),
        ["endless-fields"] = static wire => AgainAsync(wire, Ok, "X-A: 1\r\n"),
        ["endless-100"] = static wire => AgainAsync(wire, string.Empty, "HTTP/1.1 100 Continue\r\n\r\n"),
        ["endless-103"] = static wire => AgainAsync(wire, string.Empty, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
        ["unexpected-101"] = static wire => wire.SendAsync("HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: Upgrade\r\n\r\n"),
        ["every-byte"] = static wire => wire.SendAsync(string.Concat(Enumerable.Range(0, 256).Select(static value => (char)value))),
        ["error-500"] = static wire => AnswerAsync(wire, "500 Error"),
        ["error-502"] = static wire => AnswerAsync(wire, "502 Bad Gateway"),
        ["error-503-tomorrow"] = static wire => AnswerAsync(wire, "503 Unavailable", "Retry-After: 86400\r\n"),
        ["error-503-yesterday"] = static wire => AnswerAsync(wire, "503 Unavailable", "Retry-After: -5\r\n"),
        ["error-504"] = static wire => AnswerAsync(wire, "504 Timeout"),
        ["too-many-429"] = static wire => AnswerAsync(wire, "429 Too Many", "Retry-After: 1\r\n"),
        ["redirect"] = static wire => AnswerAsync(wire, "302 Found", "Location: http://elsewhere.example/\r\n"),
        ["error-417"] = static wire => AnswerAsync(wire, "417 No", "Connection: close\r\n"),
    };

    /// <summary>Whether it is an answer like any other, without a body.</summary>
    public static bool IsAnswer(string script) => script.StartsWith("error-", StringComparison.Ordinal) || script is "too-many-429" or "redirect";

    /// <summary>Stands still until the gateway closes, or for so long that it must have.</summary>
    public static async Task SilentAsync(Wire wire, string first)
    {
        await wire.SendAsync(first);
        var end = wire.ReadToEndAsync();
        await Task.WhenAny(end, Task.Delay(Silence));
        Forget(end);
    }

    public static void Forget(Task task) => task.ContinueWith(static task => _ = task.Exception, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously);

    private static async Task ResetAsync(Wire wire, string first)
    {
        await wire.SendAsync(first);
        wire.Reset();
    }

    private static Task AnswerAsync(Wire wire, string status, string fields = "") => wire.SendAsync($"HTTP/1.1 {status}\r\n{fields}Content-Length: 0\r\n\r\n");

    private static async Task AgainAsync(Wire wire, string start, string again)
    {
        await wire.SendAsync(start);
        var block = string.Concat(Enumerable.Repeat(again, 1 + (16_384 / again.Length)));
        for (var sent = 0; sent < 1 << 20; sent += block.Length)
        {
            await wire.SendAsync(block);
        }
    }

    private static async Task TrickleAsync(Wire wire)
    {
        await wire.SendAsync(Ok + "Content-Length: 100\r\n\r\n");
        for (var i = 0; i < 40; i++)
        {
            await wire.SendAsync("1");
            await Task.Delay(50);
        }
    }
}
