namespace GatewayKit.Secrets;

/// <summary>
/// A secret that is in use. It is looked at again once a second while it is used, beside the requests, so that one that was changed counts without a restart; one that
/// can no longer be read stays what it was. Never prints its value. Safe for concurrent use.
/// </summary>
public sealed class Secret
{
    private readonly SecretReader _reader;
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _value;
    private long _due = long.MinValue;
    private int _looking;

    internal Secret(SecretReference reference, SecretReader reader) => (Reference, _reader) = (reference, reader);

    /// <summary>Where it is.</summary>
    public SecretReference Reference { get; }

    /// <summary>The value, never empty; the same object until it changes. <see langword="null"/> if there never was one, or none was read yet.</summary>
    public string? Value
    {
        get
        {
            if (_reader.IsDue(Volatile.Read(ref _due)) && Interlocked.Exchange(ref _looking, 1) == 0)
            {
                // A file may be far away: not in the way of a request.
                ThreadPool.UnsafeQueueUserWorkItem(static secret => secret.Look(), this, preferLocal: false);
            }

            return Volatile.Read(ref _value);
        }
    }

    /// <summary>Done once it was read for the first time, however that ended.</summary>
    internal Task FirstRead => _first.Task;

    /// <summary>Reads it for the first time, unless somebody does.</summary>
    internal void ReadFirst()
    {
        if (!_first.Task.IsCompleted && Interlocked.Exchange(ref _looking, 1) == 0)
        {
            Look();
        }
    }

    /// <summary>The reference, never the value.</summary>
    public override string ToString() => Reference.ToString();

    private void Look()
    {
        try
        {
            if (_reader.Read(Reference, out var problem) is { } value)
            {
                if (value != _value)
                {
                    Volatile.Write(ref _value, value);
                }
            }
            else
            {
                _reader.Lost(Reference, hasValue: _value is not null, problem!);
            }
        }
#pragma warning disable CA1031 // Nobody is there who could catch it: a log that fails must not end the process.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
        finally
        {
            Volatile.Write(ref _due, _reader.NextLook());
            Volatile.Write(ref _looking, 0);
            _first.TrySetResult();
        }
    }
}
