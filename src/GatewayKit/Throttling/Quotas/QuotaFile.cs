using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace GatewayKit.Throttling.Quotas;

/// <summary>
/// The file behind <see cref="FileQuotaStore"/>: a head, then records that each hold the whole row of a key, of which the last one counts. It is only ever appended to, or replaced
/// whole. Every record has a checksum, so that one that was cut off in the middle of a write is known for what it is. Not for concurrent use.
/// </summary>
/// <remarks>
/// All numbers are little-endian. Head: "GKQUOTA1", 32 bytes of secret, CRC-32C of both. Record: length of the body, CRC-32C of length and body; the body is a
/// <see cref="QuotaKey"/> and the row, eight bytes a number.
/// </remarks>
internal sealed class QuotaFile : IDisposable
{
    private const int SecretLength = 32;
    private const int HeadLength = 8 + SecretLength + sizeof(uint);
    private const int RecordHeadLength = 2 * sizeof(uint);
    private const int KeyLength = 3 * sizeof(ulong);
    private const int MaxBodyLength = 16 * 1024;
    private const string Name = "quotas.data";

    private readonly string _path;
    private readonly FileStream _lock;
    private readonly ArrayBufferWriter<byte> _pending = new();
    private SafeFileHandle? _handle;

    /// <summary>Opens the file in a directory, or makes both.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="read">Gets each record, in the order in which they were written.</param>
    /// <exception cref="IOException">Another process uses it, or it is damaged. The message says what can be done.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not write there.</exception>
    public QuotaFile(string directory, QuotaTable.RowReader read)
    {
        Directory.CreateDirectory(directory);
        _path = Path.Combine(directory, Name);
        _lock = Lock(directory);
        try
        {
            if (!File.Exists(_path))
            {
                Secret = RandomNumberGenerator.GetBytes(SecretLength);
                Replace(static _ => { });
            }

            _handle ??= File.OpenHandle(_path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
            Secret ??= ReadSecret();
            Recover(read);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What keys are hashed with: random, and as old as the file.</summary>
    public byte[] Secret { get; }

    /// <summary>Bytes at the end of the file that were no whole record when it was opened, and were cut off.</summary>
    public long TornBytes { get; private set; }

    /// <summary>How long it is.</summary>
    public long Length { get; private set; }

    /// <summary>Whether a write has failed, so that nobody knows what the file ends with: it has to be replaced before more is added.</summary>
    public bool IsDamaged { get; private set; }

    /// <summary>Adds a record to those that are written next.</summary>
    public void Add(QuotaKey key, ReadOnlySpan<long> row) => Write(_pending, key, row);

    /// <summary>Writes what was added, and waits until it is on the disk.</summary>
    public void Commit()
    {
        if (_pending.WrittenCount == 0)
        {
            return;
        }

        IsDamaged = true;
        var records = _pending.WrittenSpan;
        _pending.ResetWrittenCount();
        RandomAccess.Write(_handle!, records, Length);
        Disk.Sync(_handle!);
        (Length, IsDamaged) = (Length + records.Length, false);
    }

    /// <summary>Writes a new file in place of this one. Whenever the process ends, one of the two is there whole.</summary>
    /// <param name="readAll">Hands over all rows that count.</param>
    public void Replace(Action<QuotaTable.RowReader> readAll)
    {
        IsDamaged = true;
        _pending.ResetWrittenCount();
        var content = new ArrayBufferWriter<byte>(64 * 1024);
        WriteHead(content);
        readAll((key, row) => Write(content, key, row));
        var next = _path + ".new";
        var handle = File.OpenHandle(next, FileMode.Create, FileAccess.ReadWrite, FileShare.Read);
        try
        {
            RandomAccess.Write(handle, content.WrittenSpan, 0);
            Disk.Sync(handle);
            File.Move(next, _path, overwrite: true);
        }
        catch
        {
            handle.Dispose();
            throw;
        }

        _handle?.Dispose();
        (_handle, Length, IsDamaged) = (handle, content.WrittenCount, false);
    }

    public void Dispose()
    {
        _handle?.Dispose();
        _lock.Dispose();
    }

    // On the file itself it would be lost when that is replaced.
    private static FileStream Lock(string directory)
    {
        try
        {
            return new(Path.Combine(directory, "quotas.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception)
        {
            throw new IOException(
                $"The quotas in '{Path.GetFullPath(directory)}' cannot be opened: {exception.Message} Another gateway may be using them: give each its own QuotaOptions.Directory, or count in memory with AddSingleton<IQuotaStore, InMemoryQuotaStore>().",
                exception);
        }
    }

    private byte[] ReadSecret()
    {
        var head = new byte[HeadLength];
        if (RandomAccess.Read(_handle!, head, 0) != HeadLength || !head.AsSpan().StartsWith("GKQUOTA1"u8)
            || Checksum(head.AsSpan(0, HeadLength - sizeof(uint))) != BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(HeadLength - sizeof(uint))))
        {
            // Not put right by itself: that would set all counts to zero, and nobody would know.
            throw new IOException($"'{Path.GetFullPath(_path)}' is damaged, or none of this version. Move it away to start all quotas at zero, or put a copy back.");
        }

        return head[8..^sizeof(uint)];
    }

    private void Recover(QuotaTable.RowReader read)
    {
        var end = RandomAccess.GetLength(_handle!);
        var buffer = new byte[64 * 1024];
        Length = HeadLength;
        int there, taken;
        do
        {
            (there, taken) = (RandomAccess.Read(_handle!, buffer, Length), 0);
            while (TryRead(buffer.AsSpan(taken, there - taken), read, out var length))
            {
                taken += length;
            }

            Length += taken;
        }
        while (taken > 0);

        TornBytes = end - Length;
        if (TornBytes > 0)
        {
            RandomAccess.SetLength(_handle!, Length);
        }
    }

    private static bool TryRead(ReadOnlySpan<byte> bytes, QuotaTable.RowReader read, out int length)
    {
        length = 0;
        if (bytes.Length < RecordHeadLength)
        {
            return false;
        }

        var bodyLength = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        if (bodyLength is < KeyLength or > MaxBodyLength || bodyLength % sizeof(long) != 0 || bytes.Length < RecordHeadLength + bodyLength)
        {
            return false;
        }

        var body = bytes.Slice(RecordHeadLength, (int)bodyLength);
        if (Checksum(bytes[..sizeof(uint)], body) != BinaryPrimitives.ReadUInt32LittleEndian(bytes[sizeof(uint)..]))
        {
            return false;
        }

        Span<long> row = stackalloc long[(body.Length - KeyLength) / sizeof(long)];
        for (var i = 0; i < row.Length; i++)
        {
            row[i] = BinaryPrimitives.ReadInt64LittleEndian(body[(KeyLength + (i * sizeof(long)))..]);
        }

        if (!QuotaState.IsPlausible(row))
        {
            return false;
        }

        read(new(BinaryPrimitives.ReadUInt64LittleEndian(body), BinaryPrimitives.ReadUInt64LittleEndian(body[8..]), BinaryPrimitives.ReadUInt64LittleEndian(body[16..])), row);
        length = RecordHeadLength + body.Length;
        return true;
    }

    private void WriteHead(ArrayBufferWriter<byte> writer)
    {
        var head = writer.GetSpan(HeadLength)[..HeadLength];
        "GKQUOTA1"u8.CopyTo(head);
        Secret.CopyTo(head[8..]);
        BinaryPrimitives.WriteUInt32LittleEndian(head[^sizeof(uint)..], Checksum(head[..^sizeof(uint)]));
        writer.Advance(HeadLength);
    }

    private static void Write(ArrayBufferWriter<byte> writer, QuotaKey key, ReadOnlySpan<long> row)
    {
        var length = KeyLength + (row.Length * sizeof(long));
        var record = writer.GetSpan(RecordHeadLength + length)[..(RecordHeadLength + length)];
        BinaryPrimitives.WriteUInt32LittleEndian(record, (uint)length);
        var body = record[RecordHeadLength..];
        BinaryPrimitives.WriteUInt64LittleEndian(body, key.Quota);
        BinaryPrimitives.WriteUInt64LittleEndian(body[8..], key.High);
        BinaryPrimitives.WriteUInt64LittleEndian(body[16..], key.Low);
        for (var i = 0; i < row.Length; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(body[(KeyLength + (i * sizeof(long)))..], row[i]);
        }

        BinaryPrimitives.WriteUInt32LittleEndian(record[sizeof(uint)..], Checksum(record[..sizeof(uint)], body));
        writer.Advance(record.Length);
    }

    private static uint Checksum(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second = default)
    {
        var crc = uint.MaxValue;
        foreach (var value in first)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        foreach (var word in MemoryMarshal.Cast<byte, ulong>(second))
        {
            // Byte by byte it would be the same on a big-endian machine too; there it is the same for its own files.
            crc = BitOperations.Crc32C(crc, word);
        }

        return ~crc;
    }
}
