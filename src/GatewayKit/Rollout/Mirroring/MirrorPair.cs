using GatewayKit.Rollout.Diffing;

namespace GatewayKit.Rollout.Mirroring;

/// <summary>Two answers to one request. When both are there they are compared, on a thread of nobody's request.</summary>
internal sealed class MirrorPair(MirrorRoute route, string method, string traceId) : IThreadPoolWorkItem
{
    private int _missing = 2;
    private AnswerRecord? _main, _mirror;
    private string? _whyNot;

    public string Method => method;

    public string TraceId => traceId;

    /// <summary>The exchange of the client is over.</summary>
    /// <param name="answer">What it was answered.</param>
    /// <param name="whyNot">Why that cannot be compared; <see langword="null"/> if it can.</param>
    public void MainEnded(AnswerRecord? answer, string? whyNot)
    {
        (_main, _whyNot) = (answer, whyNot);
        Note();
    }

    /// <summary>The copy is over.</summary>
    /// <param name="answer">What it was answered; <see langword="null"/> if it was not.</param>
    public void MirrorEnded(AnswerRecord? answer)
    {
        _mirror = answer;
        Note();
    }

    public void Execute()
    {
        try
        {
            route.Compare(this, _main, _mirror, _whyNot);
        }
#pragma warning disable CA1031 // On a thread of nobody's request whatever it is would end the process.
        catch (Exception)
#pragma warning restore CA1031
        {
            route.Skipped(MirrorSkip.Internal);
        }
        finally
        {
            route.Leave();
        }
    }

    private void Note()
    {
        if (Interlocked.Decrement(ref _missing) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }
}
