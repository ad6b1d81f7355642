using System.Collections.Frozen;
using System.Security.Cryptography;
using GatewayKit.Auditing.Journal;

namespace GatewayKit.Auditing.Reading;

/// <summary>
/// Public keys that checkpoints of a journal are verified with, by their ids: those of one instance, and those of all others. Readers (<c>cli-…</c>) make keys of their own in the same directory as
/// hosts: theirs sign for nobody else, and those of all others do not count for them. Immutable.
/// </summary>
public sealed class AuditKeys
{
    /// <summary>What the names of readers' instances begin with.</summary>
    internal const string ReaderPrefix = "cli-";

    private const string Extension = ".pem";

    // Of no instance by name: of all that have none of their own.
    private const string Others = "";

    private readonly FrozenDictionary<string, FrozenDictionary<string, string>> _pems;

    private AuditKeys(IEnumerable<KeyValuePair<string, IEnumerable<KeyValuePair<string, string>>>> pems)
    {
        _pems = pems.ToFrozenDictionary(static one => one.Key, static one => one.Value.ToFrozenDictionary(StringComparer.Ordinal), StringComparer.Ordinal);
        foreach (var keys in _pems.Values)
        {
            foreach (var id in keys.Keys)
            {
                Open(keys, id)!.Dispose();
            }
        }
    }

    /// <summary>The ids.</summary>
    public IReadOnlyCollection<string> Ids => [.. _pems.Values.SelectMany(static keys => keys.Keys).Distinct(StringComparer.Ordinal)];

    /// <summary>Takes keys as text. They count for all instances but readers'.</summary>
    /// <param name="pems">The public keys in PEM (RFC 7468), by their ids.</param>
    /// <exception cref="InvalidDataException">One is no public key on the curve P-256.</exception>
    public static AuditKeys Create(IEnumerable<KeyValuePair<string, string>> pems)
    {
        ArgumentNullException.ThrowIfNull(pems);
        return new([KeyValuePair.Create(Others, pems)]);
    }

    /// <summary>Reads keys from files whose names are their ids: <c>&lt;id&gt;.pem</c>.</summary>
    /// <param name="path">
    /// Such a file, or a folder with any number of them: they count for all instances but readers' (<c>cli-…</c>). Those in a folder within it, which has the name of an instance, count for that instance
    /// only, and no others do.
    /// </param>
    /// <exception cref="FileNotFoundException">There is no such file or folder.</exception>
    /// <exception cref="InvalidDataException">One is no public key on the curve P-256.</exception>
    public static AuditKeys Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Directory.Exists(path)
            ? new([KeyValuePair.Create(Others, Read(path)), .. Directory.GetDirectories(path).Select(static folder => KeyValuePair.Create(Path.GetFileName(folder), Read(folder)))])
            : new([KeyValuePair.Create(Others, Read([path]))]);
    }

    // Those that lie beside a journal: each instance has its own.
    internal static AuditKeys Of(JournalFolder journal) =>
        new(journal.Instances.Select(static instance => KeyValuePair.Create(instance.Name, Directory.Exists(instance.Keys) ? Read(instance.Keys) : [])));

    internal string? PemOf(string instance, string id) => KeysOf(instance)?.GetValueOrDefault(id);

    // A new object: those of the framework are not safe for concurrent use.
    internal ECDsa? Open(string instance, string id) => KeysOf(instance) is { } keys ? Open(keys, id) : null;

    private FrozenDictionary<string, string>? KeysOf(string instance) =>
        instance != Others && _pems.TryGetValue(instance, out var own) ? own : instance.StartsWith(ReaderPrefix, StringComparison.Ordinal) ? null : _pems.GetValueOrDefault(Others);

    private static IEnumerable<KeyValuePair<string, string>> Read(string folder) => Read(Directory.GetFiles(folder, "*" + Extension));

    private static IEnumerable<KeyValuePair<string, string>> Read(string[] files) => files.Select(static file => KeyValuePair.Create(Path.GetFileNameWithoutExtension(file), File.ReadAllText(file)));

    private static ECDsa? Open(FrozenDictionary<string, string> keys, string id)
    {
        if (!keys.TryGetValue(id, out var pem))
        {
            return null;
        }

        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            P256.Demand(key);
            return key;
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            key.Dispose();
            throw new InvalidDataException($"The key '{id}' is no public key on the curve P-256: {exception.Message}", exception);
        }
    }
}
