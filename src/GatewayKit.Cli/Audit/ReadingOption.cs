using System.CommandLine;
using GatewayKit.Auditing.Custody;
using GatewayKit.Auditing.Personal;
using GatewayKit.Auditing.Reading;

namespace GatewayKit.Cli.Audit;

/// <summary>What is read of a journal, with which keys, and where that is recorded.</summary>
internal sealed class ReadingOption
{
    private readonly JournalOption _journal = new();
    private readonly SettingsOption _settings = new();
    private readonly QueryOptions _query = new();
    private readonly Option<string?> _keys = new("--data-keys") { Description = "The folder of the keys that personal parts are encrypted with, in place of that of --config. With it --consumer finds records whose consumer is encrypted." };
    private readonly Option<bool> _reveal = new("--reveal") { Description = "Shows what is encrypted. Needs the keys, and is recorded." };
    private readonly Option<bool> _unrecorded = new("--unrecorded") { Description = "Reads without a record of it: a copy, or a journal that must not be written to." };

    /// <param name="command">The command.</param>
    /// <param name="reveals">Whether it can show what is encrypted.</param>
    public void AddTo(Command command, bool reveals)
    {
        _journal.AddTo(command, isRecorded: true);
        command.Options.Add(_unrecorded);
        _query.AddTo(command);
        _settings.AddTo(command);
        command.Options.Add(_keys);
        if (reveals)
        {
            command.Options.Add(_reveal);
        }
    }

    /// <summary>The journal, read without a record.</summary>
    public AuditLog OpenUnrecorded(ParseResult parsed) => new(_journal.Directory(parsed), Alternate(parsed));

    /// <summary>Reads it, and records that unless it is not wanted.</summary>
    public async Task<int> ReadAsync(ParseResult parsed, Func<AuditLog, AuditQuery, Task<int>> read, CancellationToken cancellationToken)
    {
        var isUnrecorded = parsed.GetValue(_unrecorded);
        if (isUnrecorded && parsed.GetValue(_reveal))
        {
            throw new ArgumentException("--reveal is recorded, and does not go with --unrecorded. Copy the journal to where it may be written to.");
        }

        var query = await WithKeysAsync(parsed, await _query.ReadAsync(parsed, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        if (isUnrecorded)
        {
            return await read(OpenUnrecorded(parsed), query).ConfigureAwait(false);
        }

        var reader = Open(parsed);
        await using (reader.ConfigureAwait(false))
        {
            return await read(reader.Log, query).ConfigureAwait(false);
        }
    }

    /// <summary>Says what was not found or shown, and why.</summary>
    public static void TellOfKeys(bool hasConcealed, long unread)
    {
        if (hasConcealed)
        {
            Console.Error.WriteLine("Accesses were passed over in which who called is a pseudonym, encrypted, or nobody: --consumer goes by what stands in a record. With the keys it finds these too: --config FILE, the gateway's, or for encrypted ones alone --data-keys DIR.");
        }

        if (unread > 0)
        {
            Console.Error.WriteLine($"{Amount.Of(unread, "personal part")} cannot be read: the key was erased or is not in the folder, or what is there is not what was written (\"gatewaykit audit verify\").");
        }
    }

    // What the settings name begins at the content root, and is there only once the journal has gone on in it.
    private string? Alternate(ParseResult parsed)
    {
        if (_journal.Alternate(parsed) is { } named)
        {
            return named;
        }

        if (!_settings.IsGiven(parsed))
        {
            return null;
        }

        var alternate = _settings.Read(parsed, _journal, out _).AlternateDirectory is { } known ? Path.Combine(_settings.Root(parsed), known) : null;
        return Directory.Exists(alternate) ? alternate : null;
    }

    private AuditReader Open(ParseResult parsed)
    {
        try
        {
            return AuditReader.Open(_journal.Directory(parsed), _journal.Name(parsed), Alternate(parsed));
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException and not DirectoryNotFoundException)
        {
            throw new IOException($"{exception.Message} That a journal is read is recorded in it, in an instance of the reader's own: take another one (--as NAME), or a user who may write there. A copy may be read without a record (--unrecorded).", exception);
        }
    }

    private async Task<AuditQuery> WithKeysAsync(ParseResult parsed, AuditQuery query, CancellationToken cancellationToken)
    {
        var (keys, reveals) = (parsed.GetValue(_keys), parsed.GetValue(_reveal));
        if (keys is null && !_settings.IsGiven(parsed))
        {
            return !reveals ? query : throw new ArgumentException("--reveal needs the keys: --config FILE, the gateway's, or --data-keys DIR.");
        }

        var settings = _settings.Read(parsed, _journal, out var configuration);
        if (keys is not null)
        {
            settings = settings with { Personal = (settings.Personal ?? new()) with { KeyDirectory = Path.GetFullPath(keys), Encrypted = [PersonalField.Consumer] } };
        }
        else if (reveals && settings.Personal is not { Encrypted.Count: > 0 })
        {
            throw new ArgumentException($"{_settings.PlaceOf(parsed, "Personal:Encrypted")} is empty: by these settings nothing is encrypted. If something was, name its keys: --data-keys DIR.");
        }

        var custodian = new AuditCustodian(settings, _journal.Name(parsed), configuration, contentRoot: _settings.Root(parsed));
        IReadOnlyList<string> subjects = query.Consumer is { } consumer ? await custodian.SubjectsOfAsync(consumer, cancellationToken).ConfigureAwait(false) : [];
        if (subjects.Count is 1)
        {
            Console.Error.WriteLine("There is no key of this consumer, and no key of pseudonyms: only records that name it in the clear can be found. Nothing of it was encrypted, its key was erased, or its id is another one.");
        }

        return query with { Consumer = null, Subjects = subjects, PersonalData = reveals ? new(new FileAuditKeyStore(Path.Combine(_settings.Root(parsed), settings.Personal!.KeyDirectory))) : null };
    }
}
