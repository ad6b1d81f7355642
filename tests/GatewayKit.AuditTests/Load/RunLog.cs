using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace GatewayKit.AuditTests.Load;

/// <summary>The log of one side, in the form that the checker reads. Times are those of the clock that the gateway's journal has, too. Safe for concurrent use.</summary>
internal sealed class RunLog(string path) : IDisposable
{
    private readonly StreamWriter _writer = new(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read), Encoding.ASCII, 1 << 16);
    private readonly Lock _lock = new();

    public string Path => path;

    /// <summary>Before the first byte of a request is sent.</summary>
    /// <param name="head">What of the head is sent: <c>whole</c>, <c>part</c> or <c>malformed</c>.</param>
    public void Sent(string id, string method, string head) => Write($"sent {Now()} {id} {method} {head}");

    /// <summary>Once, when nothing more comes of a request.</summary>
    /// <param name="view">How its end was seen: <c>whole</c>, <c>cut</c> or <c>left</c>.</param>
    public void Seen(string id, int status, string view, string digest = "-") =>
        Write($"seen {Now()} {id} {(status is 0 ? "-" : status.ToString(CultureInfo.InvariantCulture))} {view} {digest}");

    /// <summary>For each head that a destination has read.</summary>
    public void Head(string id, string method) => Write($"head {Now()} {id} {method}");

    /// <summary>Before the body of an answer is sent. <c>*</c> is a body of which nobody can say what a client makes of it.</summary>
    public void Body(string id, string digest) => Write($"body {Now()} {id} {digest}");

    /// <summary>Puts what was written where a reader finds it.</summary>
    public void Flush()
    {
        lock (_lock)
        {
            _writer.Flush();
        }
    }

    public void Dispose() => _writer.Dispose();

    private void Write(string line)
    {
        lock (_lock)
        {
            _writer.Write(line);
            _writer.Write('\n');
        }
    }

    private static long Now() => (long)(Stopwatch.GetTimestamp() * (1e9 / Stopwatch.Frequency));
}
