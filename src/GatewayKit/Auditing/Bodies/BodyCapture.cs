using System.Buffers;
using GatewayKit.Pipeline;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.Auditing.Bodies;

/// <summary>
/// The beginning of one body, and how long it was, as it passes. Of a request's its own and never used again: whoever is late writes into nothing. Safe for concurrent use.
/// </summary>
/// <param name="bodies">What is recorded.</param>
internal sealed class BodyCapture(RecordedBodies bodies) : IBodyWatch
{
    private readonly Lock _lock = new();
    private byte[]? _bytes;
    private int _length;
    private long _total;
    private bool _isClosed;

    /// <summary>How it is read, once that is known.</summary>
    public BodyKind Kind { get; private set; }

    /// <summary>Why there is no text of it, once that is known; <see langword="null"/> if there is.</summary>
    public string? Omitted { get; private set; }

    /// <summary>Whether <see cref="Look"/> was called.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>Whether it passed to its end.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>The length that the head of a request announces; <see langword="null"/> if it announces none.</summary>
    public long? Announced { get; init; }

    /// <summary>Whether it did not pass to its end.</summary>
    public bool IsPart => !HasEnded && Total != Announced;

    /// <summary>Whether it is seen at the stream that the endpoint reads, and by nobody else.</summary>
    public bool IsTapped { get; set; }

    /// <summary>How many bytes passed.</summary>
    public long Total
    {
        get
        {
            lock (_lock)
            {
                return _total;
            }
        }
    }

    /// <summary>Whether something of it is kept.</summary>
    public bool HasText
    {
        get
        {
            lock (_lock)
            {
                return _length > 0;
            }
        }
    }

    /// <summary>Finds out from its fields how it is recorded.</summary>
    public void Look(string? contentType, StringValues contentEncoding)
    {
        IsKnown = true;
        Kind = bodies.Types.Of(contentType, out var isForeign);
        Omitted = Kind is BodyKind.None ? BodyOmission.ContentType
            : contentEncoding.Count > 0 && !(contentEncoding is [var coding] && string.Equals(coding, "identity", StringComparison.OrdinalIgnoreCase)) ? BodyOmission.Encoding
            : isForeign ? BodyOmission.Charset
            : !bodies.Masks.IsEmpty && (Kind is BodyKind.Text || (Kind is BodyKind.Form && !bodies.Masks.AreNames)) ? BodyOmission.Masks
            : null;
    }

    /// <summary>Takes note of bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            _total += bytes.Length;
            if (_isClosed || Omitted is not null || _length == bodies.MaxBytes)
            {
                return;
            }

            _bytes ??= ArrayPool<byte>.Shared.Rent(bodies.MaxBytes);
            var kept = bytes[..Math.Min(bytes.Length, bodies.MaxBytes - _length)];
            kept.CopyTo(_bytes.AsSpan(_length));
            _length += kept.Length;
        }
    }

    public void Passed(in ReadOnlySequence<byte> part)
    {
        foreach (var segment in part)
        {
            Append(segment.Span);
        }
    }

    public void Ended() => HasEnded = true;

    /// <summary>Copies what is kept.</summary>
    /// <param name="target">Room for <see cref="RecordedBodies.MaxBytes"/>.</param>
    /// <returns>How many bytes there are.</returns>
    public int CopyTo(Span<byte> target)
    {
        lock (_lock)
        {
            _bytes.AsSpan(0, _length).CopyTo(target);
            return _length;
        }
    }

    /// <summary>Forgets it. Whatever comes is not kept.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _isClosed = true;
            _length = 0;
            if (_bytes is { } bytes)
            {
                _bytes = null;
                ArrayPool<byte>.Shared.Return(bytes, clearArray: true);
            }
        }
    }
}

/// <summary>Why a record has no text of a body, in the word that it has for it.</summary>
internal static class BodyOmission
{
    public const string ContentType = "content-type";
    public const string Encoding = "encoding";
    public const string Charset = "charset";
    public const string Masks = "masks";
    public const string Invalid = "invalid";
    public const string Unencrypted = "unencrypted";
    public const string Credentials = "credentials";
}
