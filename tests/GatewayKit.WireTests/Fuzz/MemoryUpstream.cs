using System.IO.Pipelines;
using GatewayKit.WireTests.Upstreams;

namespace GatewayKit.WireTests.Fuzz;

/// <summary>
/// A destination in memory. Every request is read by a strict parser of its own; what breaks a rule of RFC 9112, or has what may not be
/// forwarded, is a fault. It answers each with the bytes that it is told.
/// </summary>
internal sealed class MemoryUpstream
{
    private static readonly byte[] Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Upstream: 1\r\n\r\nok"u8.ToArray();

    private static readonly string[] NeverForwarded =
        ["Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authorization", "TE", "Trailer", "Upgrade", "HTTP2-Settings", "Expect", "X-Content-Length", "X-Original-URL"];

    private readonly List<string> _faults = [];
    private readonly Lock _lock = new();
    private int _requests;

    /// <summary>What it answers a request with, after which it closes; <see langword="null"/>: 200, and it stays.</summary>
    public Func<RecordedRequest, byte[]?> Answer { get; set; } = static _ => null;

    /// <summary>Takes the count of complete requests, and what was wrong with them.</summary>
    public (int Requests, IReadOnlyList<string> Faults) Take()
    {
        lock (_lock)
        {
            (int, IReadOnlyList<string>) taken = (_requests, [.. _faults]);
            _requests = 0;
            _faults.Clear();
            return taken;
        }
    }

    /// <summary>A connection to it, as a handler wants one.</summary>
    public Stream Connect()
    {
        var options = new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false);
        var (to, from) = (new Pipe(options), new Pipe(options));
        _ = ServeAsync(to.Reader, from.Writer);
        return new DuplexStream(from.Reader.AsStream(), to.Writer.AsStream());
    }

    private async Task ServeAsync(PipeReader input, PipeWriter output)
    {
        var reader = new Reader(input);
        try
        {
            while (await reader.ReadRequestAsync() is { } request)
            {
                Check(request);
                lock (_lock)
                {
                    _requests++;
                    if (reader.HasMore)
                    {
                        _faults.Add("Bytes follow the request.");
                    }
                }

                var answer = Answer(request);
                await output.WriteAsync(answer ?? (request.Method is "HEAD" ? Ok.AsMemory(0, Ok.Length - 2) : Ok));
                if (answer is not null)
                {
                    break;
                }
            }
        }
        catch (FormatException exception)
        {
            Note(exception.Message);
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException or OperationCanceledException)
        {
            // The gateway has given the request up.
        }
        finally
        {
            await output.CompleteAsync();
            await input.CompleteAsync();
        }
    }

    private void Check(RecordedRequest request)
    {
        // An upgrade is the one case in which a request says `Connection`.
        var isUpgrade = request["Upgrade"] is ["websocket"] && request["Connection"] is ["Upgrade"];
        foreach (var name in NeverForwarded)
        {
            if (request[name].Length > 0 && !(isUpgrade && name is "Connection" or "Upgrade"))
            {
                Note($"{name} was forwarded.");
            }
        }

        if (request["Via"].Length != 1 || request["Via"][0].Split(',')[^1].Trim().Split(' ') is not [_, "gatewaykit"])
        {
            Note($"Via is '{string.Join(" | ", request["Via"])}'.");
        }

        if (request["traceparent"].Length != 1 || request["X-Forwarded-For"] is not ["127.0.0.1"])
        {
            Note($"{request["traceparent"].Length} trace parents, forwarded for {string.Join(" | ", request["X-Forwarded-For"])}.");
        }

        if (!request.Target.StartsWith('/') || request.Target.Split('?')[0].Split('/').Any(static segment => segment is "." or ".."))
        {
            Note($"The target is '{request.Target}'.");
        }

        foreach (var (name, value) in request.Fields)
        {
            if (value.Any(static c => c is < ' ' and not '\t' or '\x7F'))
            {
                Note($"{name} has a control character.");
            }
        }
    }

    private void Note(string fault)
    {
        lock (_lock)
        {
            _faults.Add(fault);
        }
    }

    private sealed class Reader(PipeReader input)
    {
        private byte[] _bytes = [];
        private int _at;

        public bool HasMore => _at < _bytes.Length;

        public async Task<RecordedRequest?> ReadRequestAsync()
        {
            if (await ThroughAsync("\r\n\r\n") is not { } head)
            {
                return null;
            }

            var request = RecordedRequest.Parse(head, 0);
            if (request.Length is { } length)
            {
                if (await TakeAsync(length) is not { } body)
                {
                    return null;
                }

                request.Append(body);
            }

            while (request.IsChunked)
            {
                if (await ThroughAsync("\r\n") is not { } line)
                {
                    return null;
                }

                var size = request.AppendChunkSize(line);
                if (await (size == 0 ? ThroughAsync("\r\n") : TakeAsync(size + 2)) is not { } chunk)
                {
                    return null;
                }

                if (size == 0)
                {
                    request.AppendTrailers(chunk);
                    break;
                }

                request.AppendChunk(chunk);
            }

            return request;
        }

        private async Task<byte[]?> ThroughAsync(string end)
        {
            var bytes = System.Text.Encoding.Latin1.GetBytes(end);
            while (true)
            {
                var found = _bytes.AsSpan(_at).IndexOf(bytes);
                if (found >= 0)
                {
                    return Cut(found + bytes.Length);
                }

                if (!await FillAsync())
                {
                    return null;
                }
            }
        }

        private async Task<byte[]?> TakeAsync(int count)
        {
            while (_bytes.Length - _at < count)
            {
                if (!await FillAsync())
                {
                    return null;
                }
            }

            return Cut(count);
        }

        private byte[] Cut(int count)
        {
            _at += count;
            return _bytes[(_at - count).._at];
        }

        private async Task<bool> FillAsync()
        {
            var read = await input.ReadAsync();
            if (read.Buffer.IsEmpty && read.IsCompleted)
            {
                return false;
            }

            _bytes = [.. _bytes.AsSpan(_at), .. System.Buffers.BuffersExtensions.ToArray(read.Buffer)];
            _at = 0;
            input.AdvanceTo(read.Buffer.End);
            return true;
        }
    }

    private sealed class DuplexStream(Stream input, Stream output) : Stream
    {
        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => input.ReadAsync(buffer, cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => output.WriteAsync(buffer, cancellationToken);

        public override Task FlushAsync(CancellationToken cancellationToken) => output.FlushAsync(cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            input.Dispose();
            output.Dispose();
            base.Dispose(disposing);
        }
    }
}
