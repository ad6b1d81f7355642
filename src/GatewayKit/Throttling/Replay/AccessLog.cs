using System.Buffers;
using System.IO.Pipelines;

namespace GatewayKit.Throttling.Replay;

/// <summary>
/// Records that are read from JSON lines while they are needed, in constant memory. Blank lines are skipped; what is no record is told and counted, and the rest goes on.
/// Can be read once; not thread-safe.
/// </summary>
/// <param name="lines">UTF-8 text, one object a line, at most 1 MiB each. It is not disposed.</param>
/// <param name="name">What messages call it.</param>
public sealed class AccessLog(Stream lines, string name) : IAsyncEnumerable<AccessRecord>
{
    private const int MaxLineBytes = 1 << 20;
    private const int BufferBytes = 1 << 16;

    /// <summary>Called for each line that is no record. Default: they are counted only.</summary>
    public Action<MalformedLine>? OnMalformed { get; init; }

    /// <summary>Lines that were read.</summary>
    public long Lines { get; private set; }

    /// <summary>Lines that were no record.</summary>
    public long MalformedLines { get; private set; }

    /// <summary>Several logs as one, by time: those of several instances, or the parts of one. The records of each stay in their order.</summary>
    public static IAsyncEnumerable<AccessRecord> Merge(params IEnumerable<IAsyncEnumerable<AccessRecord>> logs)
    {
        ArgumentNullException.ThrowIfNull(logs);
        return new MergedLogs([.. logs]);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerator<AccessRecord> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        var reader = PipeReader.Create(lines, new(bufferSize: BufferBytes, leaveOpen: true));
        try
        {
            var (isEnd, isTooLong) = (false, false);
            while (!isEnd)
            {
                var read = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
                var buffer = read.Buffer;
                isEnd = read.IsCompleted;
                while (TryReadLine(ref buffer, isEnd, out var line))
                {
                    Lines++;
                    if (isTooLong)
                    {
                        isTooLong = false;
                    }
                    else if (Parse(line) is { } record)
                    {
                        yield return record;
                    }
                }

                if (!isTooLong && buffer.Length > MaxLineBytes)
                {
                    // What follows up to the end of the line is thrown away as it comes.
                    isTooLong = true;
                    Tell(Lines + 1, "longer than 1 MiB");
                }

                reader.AdvanceTo(isTooLong ? buffer.End : buffer.Start, buffer.End);
            }
        }
        finally
        {
            await reader.CompleteAsync().ConfigureAwait(false);
        }
    }

    private static bool TryReadLine(ref ReadOnlySequence<byte> buffer, bool isEnd, out ReadOnlySequence<byte> line)
    {
        if (buffer.PositionOf((byte)'\n') is { } end)
        {
            line = buffer.Slice(0, end);
            buffer = buffer.Slice(buffer.GetPosition(1, end));
            return true;
        }

        line = buffer;
        if (!isEnd || buffer.IsEmpty)
        {
            return false;
        }

        buffer = buffer.Slice(buffer.End);
        return true;
    }

    private AccessRecord? Parse(in ReadOnlySequence<byte> line)
    {
        if (line.Length > MaxLineBytes)
        {
            Tell(Lines, "longer than 1 MiB");
            return null;
        }

        var parsed = AccessLine.Parse(line, isFirst: Lines == 1);
        if (parsed.Fault is { } fault)
        {
            Tell(Lines, fault);
        }

        return parsed.Record;
    }

    private void Tell(long line, string message)
    {
        MalformedLines++;
        OnMalformed?.Invoke(new(name, line, message));
    }
}
