namespace GatewayKit.Pipeline;

/// <summary>What became of the policies in shadow mode during one request. Exists only where there are such policies.</summary>
internal sealed class ShadowRecord
{
    private readonly List<(int Step, RejectionReason? Reason)> _refusals = [];
    private readonly Dictionary<int, Task<object?>> _rests = [];
    private List<IGatewayPolicy>? _spared;

    /// <summary>Notes that the caller is none of those that a policy in force is for.</summary>
    public void Spare(IGatewayPolicy policy) => (_spared ??= []).Add(policy);

    public bool IsSpared(IGatewayPolicy policy) => _spared is not null && _spared.Contains(policy, ReferenceEqualityComparer.Instance);

    /// <summary>The steps that would have refused the request so far, candidates not among them.</summary>
    public IEnumerable<int> Refusals => _refusals.Select(static refusal => refusal.Step).Where(static step => step >= 0).Distinct();

    /// <param name="step">A step, or what stands for its candidate.</param>
    /// <param name="reason">Why; <see langword="null"/> for another answer than a refusal.</param>
    public void AddRefusal(int step, RejectionReason? reason) => _refusals.Add((step, reason));

    /// <summary>Keeps what the rest of the pipeline answers behind a shadow policy, which may return something else. The last call counts.</summary>
    public void SetRest(int step, Task<object?> rest) => _rests[step] = rest;

    /// <returns><see langword="null"/> if the policy has not let the request through.</returns>
    public Task<object?>? RestOf(int step) => _rests.GetValueOrDefault(step);

    public bool TryGetRefusal(int step, out RejectionReason? reason)
    {
        var found = _refusals.FindIndex(refusal => refusal.Step == step);
        reason = found < 0 ? null : _refusals[found].Reason;
        return found >= 0;
    }
}
