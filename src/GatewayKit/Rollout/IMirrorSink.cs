namespace GatewayKit.Rollout;

/// <summary>Takes samples of answers that differed. Register one in DI; the log is one from the start. Called off the path of requests; what it throws is logged.</summary>
public interface IMirrorSink
{
    /// <summary>The answer of a mirror differed from the one that the client got.</summary>
    /// <param name="difference">Where and how; never what either of them said.</param>
    void Differs(MirrorDifference difference);
}
