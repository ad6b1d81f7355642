using System.Buffers;
using System.IO.Pipelines;

namespace GatewayKit.Rollout.Mirroring;

/// <summary>Copies what its reader consumes. The reader is not held up, and gets what it would get without.</summary>
internal sealed class CapturingPipeReader(PipeReader inner, BodyCapture capture, Action done) : PipeReader
{
    private ReadOnlySequence<byte> _read;
    private bool _isLast, _isDone;

    public override bool TryRead(out ReadResult result)
    {
        var isThere = inner.TryRead(out result);
        return isThere && Note(result);
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        var reading = inner.ReadAsync(cancellationToken);
        if (!reading.IsCompletedSuccessfully)
        {
            return AwaitAsync(reading);
        }

        var result = reading.Result;
        Note(result);
        return new(result);
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        // Before the memory goes back.
        var isAll = Take(consumed);
        inner.AdvanceTo(consumed, examined);
        if (isAll && !_isDone)
        {
            _isDone = true;
            done();
        }
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

    private async ValueTask<ReadResult> AwaitAsync(ValueTask<ReadResult> reading)
    {
        var result = await reading.ConfigureAwait(false);
        Note(result);
        return result;
    }

    private bool Note(in ReadResult result)
    {
        (_read, _isLast) = (result.Buffer, result.IsCompleted);
        return true;
    }

    private bool Take(SequencePosition consumed)
    {
        foreach (var segment in _read.Slice(_read.Start, consumed))
        {
            capture.Append(segment.Span);
        }

        var isAll = _isLast && _read.Slice(consumed).IsEmpty;
        _read = _read.Slice(consumed);
        return isAll;
    }
}
