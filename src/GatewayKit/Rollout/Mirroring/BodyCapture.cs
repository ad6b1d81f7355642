namespace GatewayKit.Rollout.Mirroring;

/// <summary>A copy of bytes that pass by, up to a size. What grows beyond it is given up at once. Used by one side at a time.</summary>
internal sealed class BodyCapture(int maxBytes)
{
    private byte[] _bytes = [];
    private int _length;

    /// <summary>Whether there was more than is kept: nothing is, then.</summary>
    public bool IsTooLarge { get; private set; }

    public ReadOnlyMemory<byte> Bytes => _bytes.AsMemory(0, _length);

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (IsTooLarge || bytes.IsEmpty)
        {
            return;
        }

        if (bytes.Length > maxBytes - _length)
        {
            IsTooLarge = true;
            (_bytes, _length) = ([], 0);
            return;
        }

        if (_bytes.Length - _length < bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Min(maxBytes, Math.Max(_length + bytes.Length, Math.Max(1_024, 2 * _bytes.Length))));
        }

        bytes.CopyTo(_bytes.AsSpan(_length));
        _length += bytes.Length;
    }
}
