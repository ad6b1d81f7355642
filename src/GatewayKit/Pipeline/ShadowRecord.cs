namespace GatewayKit.Pipeline;

/// <summary>What became of the policies in shadow mode during one request. Exists only where there are such policies.</summary>
internal sealed class ShadowRecord
{
    private readonly List<(int Step, RejectionReason? Reason)> _refusals = [];
    private readonly List<(int Step, object? Answer)> _answers = [];

    public void AddRefusal(int step, RejectionReason? reason) => _refusals.Add((step, reason));

    /// <summary>Keeps what the rest of the pipeline answered to a shadow policy, which may return something else.</summary>
    public void AddAnswer(int step, object? answer) => _answers.Add((step, answer));

    public bool TryGetRefusal(int step, out RejectionReason? reason)
    {
        var found = _refusals.FindIndex(refusal => refusal.Step == step);
        reason = found < 0 ? null : _refusals[found].Reason;
        return found >= 0;
    }

    public bool TryGetAnswer(int step, out object? answer)
    {
        var found = _answers.FindIndex(entry => entry.Step == step);
        answer = found < 0 ? null : _answers[found].Answer;
        return found >= 0;
    }
}
