using System.Globalization;
using System.Threading.Channels;

namespace GatewayKit.Benchmarks.Targets;

/// <summary>
/// One line per request into a file, written behind the requests by one reader. GatewayKit and YARP use the same one: the case
/// compares what it costs to get at the record, not two log writers.
/// </summary>
internal sealed class AccessLog : IAsyncDisposable
{
    private readonly Channel<AccessRecord> _records = Channel.CreateBounded<AccessRecord>(
        new BoundedChannelOptions(65_536) { SingleReader = true, FullMode = BoundedChannelFullMode.DropWrite });

    private readonly StreamWriter _file;
    private readonly Task _writing;

    public AccessLog(string path)
    {
        _file = new StreamWriter(path, append: false, System.Text.Encoding.UTF8, bufferSize: 65_536);
        _writing = Task.Run(WriteAsync);
    }

    public void Add(HttpContext context, TimeSpan duration) => _records.Writer.TryWrite(new(
        DateTimeOffset.UtcNow,
        context.Request.Method,
        context.Request.Path.Value ?? "",
        context.Response.StatusCode,
        (int)duration.TotalMicroseconds));

    public async ValueTask DisposeAsync()
    {
        _records.Writer.Complete();
        await _writing;
        await _file.DisposeAsync();
    }

    private async Task WriteAsync()
    {
        var line = new char[1_024];
        while (await _records.Reader.WaitToReadAsync())
        {
            while (_records.Reader.TryRead(out var record))
            {
                if (line.AsSpan().TryWrite(
                    CultureInfo.InvariantCulture,
                    $"{record.Time:O} {record.Method} {record.Path} {record.Status} {record.Microseconds}\n",
                    out var length))
                {
                    _file.Write(line.AsSpan(0, length));
                }
            }
        }
    }

    private readonly record struct AccessRecord(DateTimeOffset Time, string Method, string Path, int Status, int Microseconds);
}
