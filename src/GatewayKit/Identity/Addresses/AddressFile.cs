using GatewayKit.Diagnostics;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Identity.Addresses;

/// <summary>
/// A file of addresses as it was last good. Whoever has one looks at <see cref="Table"/> with each request, so that a change of the file is one of a reference. Safe for
/// concurrent use; one look at a time.
/// </summary>
internal sealed partial class AddressFile(string path, bool mustNameSome, ILogger<AddressFiles> logger)
{
    private readonly Lock _looking = new();
    private volatile AddressTable? _table;
    private Stamp _taken, _seen;

    public string Path { get; } = path;

    /// <summary>What it holds; <see langword="null"/> if it never was good.</summary>
    public AddressTable? Table => _table;

    /// <summary>Reads it, if it was not read yet.</summary>
    /// <returns>What keeps it from being used; none if it was good once.</returns>
    public IReadOnlyList<string> Load()
    {
        lock (_looking)
        {
            if (_table is not null)
            {
                return [];
            }

            var list = Read(out _taken);
            _seen = _taken;
            if (list.Errors.Count == 0)
            {
                _table = AddressTable.From(list.Networks);
            }

            return list.Errors;
        }
    }

    /// <summary>Takes the file anew if it has changed and is the same as at the last look: one that is still being written says something that nobody meant.</summary>
    public void Look()
    {
        lock (_looking)
        {
            var now = StampOf();
            if (now == _taken || now != _seen)
            {
                _seen = now;
                return;
            }

            var list = Read(out _taken);
            if (list.Errors.Count > 0)
            {
                Log.Rejected(logger, Path, string.Join(' ', list.Errors));
                return;
            }

            var table = AddressTable.From(list.Networks);
            _table = table;
            Log.Taken(logger, Path, list.Networks.Count, table.Count);
        }
    }

    // Through the handle: a link to a file in a folder that is itself a link, as Kubernetes mounts configuration, never changes by itself.
    private Stamp StampOf()
    {
        try
        {
            using var handle = File.OpenHandle(Path);
            return new(File.GetLastWriteTimeUtc(handle), RandomAccess.GetLength(handle));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new(DateTime.MaxValue, -1);
        }
    }

    private AddressList Read(out Stamp stamp)
    {
        stamp = new(DateTime.MaxValue, -1);
        try
        {
            using var stream = new FileStream(Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            stamp = new(File.GetLastWriteTimeUtc(stream.SafeFileHandle), stream.Length);
            var list = AddressList.Read(stream);
            return mustNameSome && list is { Networks.Count: 0, Errors.Count: 0 } ? list with { Errors = ["No line names a network, and nobody could pass."] } : list;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new AddressList([], [$"It cannot be read: {exception.Message}"]);
        }
    }

    private readonly record struct Stamp(DateTime Written, long Length);

    private static partial class Log
    {
        [LoggerMessage(EventIds.AddressFileTaken, LogLevel.Information, "Addresses of {File} were taken anew: {Networks} networks in {Ranges} ranges.")]
        public static partial void Taken(ILogger logger, string file, int networks, int ranges);

        [LoggerMessage(EventIds.AddressFileRejected, LogLevel.Error, "Addresses of {File} have changed and are no good; those from before stay. {Errors}")]
        public static partial void Rejected(ILogger logger, string file, string errors);
    }
}
