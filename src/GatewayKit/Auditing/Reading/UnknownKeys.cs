namespace GatewayKit.Auditing.Reading;

/// <summary>Keys that have signed and are not known: one finding for each, however much it has signed. Not thread-safe.</summary>
/// <param name="findings">Where findings go.</param>
/// <param name="what">What they have signed: <c>checkpoint</c>.</param>
internal sealed class UnknownKeys(Findings findings, string what)
{
    // What is kept must not grow with what somebody has forged.
    private const int MostKeys = 1_000;

    private readonly Dictionary<(string Instance, string KeyId), (FilePlace First, long Count)> _keys = [];

    /// <summary>Notes something that such a key has signed.</summary>
    public void Add(string instance, string keyId, FilePlace place)
    {
        var key = (instance, keyId);
        if (_keys.TryGetValue(key, out var known))
        {
            _keys[key] = known with { Count = known.Count + 1 };
        }
        else if (_keys.Count < MostKeys)
        {
            _keys.Add(key, (place, 1));
        }
        else
        {
            Tell(key, place, 1);
        }
    }

    /// <summary>Tells of them.</summary>
    public void Tell()
    {
        foreach (var (key, (first, count)) in _keys)
        {
            Tell(key, first, count);
        }

        _keys.Clear();
    }

    private void Tell((string Instance, string KeyId) key, FilePlace place, long count)
    {
        var signed = count is 1 ? $"this {what}" : $"{count} {what}s, of which this is the first";
        var reader = key.Instance.StartsWith(AuditKeys.ReaderPrefix, StringComparison.Ordinal) ? $" It is a reader's: keys of readers count in a folder '{key.Instance}' among those to trust, and nowhere else." : string.Empty;
        findings.Violation(AuditFindingCode.UnknownKey, place, $"The key '{key.KeyId}' is not among those to trust for '{key.Instance}', and has signed {signed}.{reader}");
    }
}
