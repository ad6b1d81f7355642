using System.Text.Json;
using System.Threading.Channels;

namespace GatewayKit.Benchmarks.Targets;

/// <summary>One JSON object per request, formatted on the request's thread and written behind it, each line handed to the operating system by itself, as the usual file loggers do.</summary>
internal sealed class JsonLog : IDisposable
{
    private readonly Channel<byte[]> _lines = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(65_536) { SingleReader = true, FullMode = BoundedChannelFullMode.DropWrite });
    private readonly FileStream _file;
    private readonly Task _writing;

    public JsonLog(string path)
    {
        _file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
        _writing = Task.Run(WriteAsync);
    }

    public void Add(HttpContext context, TimeSpan duration) => _lines.Writer.TryWrite([.. JsonSerializer.SerializeToUtf8Bytes(new
    {
        Time = DateTimeOffset.UtcNow,
        context.Request.Method,
        Host = context.Request.Host.Value,
        Path = context.Request.Path.Value,
        context.Request.Protocol,
        Client = context.Connection.RemoteIpAddress?.ToString(),
        Agent = context.Request.Headers.UserAgent.ToString(),
        context.TraceIdentifier,
        Status = context.Response.StatusCode,
        Microseconds = (long)duration.TotalMicroseconds,
    }), (byte)'\n']);

    public void Dispose()
    {
        _lines.Writer.Complete();
        _writing.GetAwaiter().GetResult();
        _file.Dispose();
    }

    private async Task WriteAsync()
    {
        await foreach (var line in _lines.Reader.ReadAllAsync())
        {
            _file.Write(line);
        }
    }
}
