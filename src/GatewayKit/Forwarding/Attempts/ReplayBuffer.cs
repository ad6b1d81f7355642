using System.Buffers;
using GatewayKit.Pipeline;

namespace GatewayKit.Forwarding.Attempts;

/// <summary>
/// What was read of a request's body, kept so that it can be sent again. Given up when there is more than it may hold: the request goes on, and
/// can no longer be retried. Whoever uses it says so, because a destination may answer while the body is still on its way.
/// </summary>
internal sealed class ReplayBuffer(int mostBytes) : IDisposable
{
    private readonly Lock _lock = new();
    private byte[]? _bytes;
    private int _length;
    private int _users = 1;
    private bool _isGone;

    public int MostBytes => mostBytes;

    /// <summary>What the request has kept of its body for somebody in front of the terminal; <see langword="null"/> if nobody asked for it.</summary>
    public static ReplayBuffer? Of(GatewayContext? context) => context is { IsBodyWanted: true } ? context.HttpContext.Features.Get<ReplayBuffer>() : null;

    /// <summary>Whether something was read that is not kept.</summary>
    public bool IsGone
    {
        get
        {
            lock (_lock)
            {
                return _isGone;
            }
        }
    }

    /// <summary>What is kept. Only for who has called <see cref="Use"/>.</summary>
    public ReadOnlyMemory<byte> Kept
    {
        get
        {
            lock (_lock)
            {
                return _bytes.AsMemory(0, _length);
            }
        }
    }

    /// <summary>Keeps what was read, if it still fits.</summary>
    public void Append(in ReadOnlySequence<byte> data)
    {
        lock (_lock)
        {
            if (_isGone || data.Length > mostBytes - _length)
            {
                _isGone = true;
                return;
            }

            var length = _length + (int)data.Length;
            if (_bytes is null || _bytes.Length < length)
            {
                Grow(length);
            }

            data.CopyTo(_bytes.AsSpan(_length));
            _length = length;
        }
    }

    /// <summary>Counts a user in; each calls <see cref="Release"/> once.</summary>
    public void Use() => Interlocked.Increment(ref _users);

    void IDisposable.Dispose() => Release();

    public void Release()
    {
        if (Interlocked.Decrement(ref _users) > 0)
        {
            return;
        }

        lock (_lock)
        {
            _isGone = true;
            _length = 0;
            if (_bytes is { } bytes)
            {
                _bytes = null;
                ArrayPool<byte>.Shared.Return(bytes);
            }
        }
    }

    // Nobody sends from it while it grows: a body that is sent again has read all that is kept before it reads on.
    private void Grow(int length)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Min(mostBytes, Math.Max(4_096, Math.Max(length, 2 * _length))));
        _bytes.AsSpan(0, _length).CopyTo(larger);
        if (_bytes is { } former)
        {
            ArrayPool<byte>.Shared.Return(former);
        }

        _bytes = larger;
    }
}
