using System.Security.Cryptography;
using System.Text;
using GatewayKit.Auditing.Journal;

namespace GatewayKit.Auditing.Personal;

/// <summary>
/// Keys in a directory of their own, for the owner only: <c>id.key</c> has the key, and <c>hash.subject</c>, named by the SHA-256 of the subject, says which one it is; whoever makes or erases one has <c>lock</c> meanwhile. Files are whole or not there; the disk has them before they
/// are used. Several processes may share the directory. What a file system keeps of deleted files, such as snapshots and backups, is beyond it. Thread-safe.
/// </summary>
public sealed class FileAuditKeyStore : IAuditKeyStore
{
    private const string KeyExtension = ".key";
    private const string SubjectExtension = ".subject";

    private const string LockName = "lock";
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    private readonly string _directory;
    private readonly IJournalFiles _files;
    private readonly TimeProvider _time;
    private volatile bool _isClean;

    /// <summary>Takes a directory.</summary>
    /// <param name="directory">The directory. It is made with the first key.</param>
    public FileAuditKeyStore(string directory)
        : this(directory, JournalFiles.Instance, TimeProvider.System)
    {
    }

    internal FileAuditKeyStore(string directory, IJournalFiles files, TimeProvider time) => (_directory, _files, _time) = (directory, files, time);

    /// <inheritdoc/>
    public ValueTask<AuditKey> GetAsync(string subject, CancellationToken cancellationToken) => new(Task.Run(() => CreateAsync(subject, cancellationToken), cancellationToken));

    /// <inheritdoc/>
    public ValueTask<AuditKey?> FindAsync(string id, CancellationToken cancellationToken) => new(Task.Run(() => ReadKey(id), cancellationToken));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<string>> FindIdsAsync(string subject, CancellationToken cancellationToken) =>
        new(Task.Run<IReadOnlyList<string>>(() => ReadText(PathOf(subject)) is { } id && AuditKey.IsId(id) && File.Exists(PathOfKey(id)) ? [id] : [], cancellationToken));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<string>> EraseAsync(string subject, CancellationToken cancellationToken) => new(Task.Run(() => DeleteAsync(subject, cancellationToken), cancellationToken));

    private async Task<AuditKey> CreateAsync(string subject, CancellationToken cancellationToken)
    {
        var known = ReadKeyOf(subject);
        if (known is not null)
        {
            return known;
        }

        CreateDirectory();
        if (await LockAsync(() => (known = ReadKeyOf(subject)) is not null, cancellationToken).ConfigureAwait(false) is not { } held)
        {
            return known!;
        }

        await using (held.ConfigureAwait(false))
        {
            if (ReadKeyOf(subject) is { } meanwhile)
            {
                return meanwhile;
            }

            if (!_isClean)
            {
                DeleteUnfinished();
                _isClean = true;
            }

            // An erasure ended between the two.
            File.Delete(PathOf(subject));
            var key = AuditKey.Create();
            Write(PathOfKey(key.Id), Convert.ToBase64String(key.Key));
            Write(PathOf(subject), key.Id);
            return key;
        }
    }

    private async Task<IReadOnlyList<string>> DeleteAsync(string subject, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(_directory))
        {
            return [];
        }

        var held = await LockAsync(static () => false, cancellationToken).ConfigureAwait(false);
        await using (held!.ConfigureAwait(false))
        {
            DeleteUnfinished();
            var path = PathOf(subject);
            if (ReadText(path) is not { } id || !AuditKey.IsId(id))
            {
                return [];
            }

            // The key first: what is left of an erasure that is interrupted leads nowhere.
            File.Delete(PathOfKey(id));
            _files.SyncDirectory(_directory);
            File.Delete(path);
            _files.SyncDirectory(_directory);
            return [id];
        }
    }

    // Keys are made and erased by one process at a time: an erasure between the steps of another one would leave a key that nobody finds and nobody erases.
    // Null if others have done meanwhile what the lock is for.
    private async Task<FileStream?> LockAsync(Func<bool> isDone, CancellationToken cancellationToken)
    {
        var began = _time.GetTimestamp();
        do
        {
            try
            {
                return Disk.OpenForOwner(Path.Combine(_directory, LockName));
            }
            catch (IOException exception) when (JournalFiles.IsInUse(exception) && _time.GetElapsedTime(began) < LongestWait)
            {
                await Task.Delay(Pause, _time, cancellationToken).ConfigureAwait(false);
            }
        }
        while (!isDone());

        return null;
    }

    // What a process that was killed has left has the bytes of a key. Whoever has the lock is alone with it.
    private void DeleteUnfinished()
    {
        foreach (var file in Directory.EnumerateFiles(_directory).Where(static file => Path.GetExtension(Path.GetFileNameWithoutExtension(file.AsSpan())) is KeyExtension or SubjectExtension))
        {
            File.Delete(file);
        }
    }

    private AuditKey? ReadKeyOf(string subject) => ReadText(PathOf(subject)) is { } id ? ReadKey(id) : null;

    private AuditKey? ReadKey(string id)
    {
        if (!AuditKey.IsId(id) || ReadText(PathOfKey(id)) is not { } text)
        {
            return null;
        }

        Span<byte> key = stackalloc byte[AuditKey.KeyBytes];
        return Convert.TryFromBase64String(text, key, out var length) && length is AuditKey.KeyBytes
            ? new(id, key)
            : throw new InvalidDataException($"The file {PathOfKey(id)} holds no key.");
    }

    private static string? ReadText(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private void Write(string path, string text)
    {
        var temporary = $"{path}.{Guid.NewGuid():N}";
        Disk.WriteForOwner(temporary, Encoding.ASCII.GetBytes(text));
        if (!Disk.TryMove(temporary, path))
        {
            File.Delete(temporary);
            throw new IOException($"Another process makes keys in '{_directory}' at the same moment, on a file system that keeps no locks.");
        }

        _files.SyncDirectory(_directory);
    }

    private void CreateDirectory()
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(_directory);
        }
        else
        {
            Directory.CreateDirectory(_directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private string PathOf(string subject) => Path.Combine(_directory, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(subject))) + SubjectExtension);

    private string PathOfKey(string id) => Path.Combine(_directory, id + KeyExtension);
}
