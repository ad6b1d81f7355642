using System.Runtime.CompilerServices;
using GatewayKit.Auditing.Journal;
using GatewayKit.Auditing.Personal;
using GatewayKit.Auditing.Reading;
using GatewayKit.Auditing.Shipping;
using GatewayKit.Secrets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace GatewayKit.Auditing.Custody;

/// <summary>
/// Custody of a journal from outside of its hosts, for tools and for journals whose hosts are gone. Holds and erasures are recorded in an instance of the custodian's own beside the others, before they are done, and may be done
/// while hosts run: they see holds at once, and ask for keys anew within five minutes. What is deleted is recorded in the instance it is deleted from, so that no other process may have that one open. One act at a time. In a host,
/// <see cref="AuditCustody"/> is a service.
/// </summary>
public sealed class AuditCustodian
{
    private readonly JournalOptions _options;
    private readonly string _name;
    private readonly string[] _directories;
    private readonly PersonalData _personal;

    /// <summary>Takes a journal.</summary>
    /// <param name="options">The settings of the gateway that writes it: where it is, how long lines are kept, how it names people, and the key that signs.</param>
    /// <param name="name">The name of the instance in which acts are recorded: 1 to 64 letters, digits, <c>-</c>, <c>_</c> and <c>.</c>, the first of them not <c>.</c>; none that a host has.</param>
    /// <param name="configuration">Has the keys of pseudonyms that the settings say are in a configuration. Default none.</param>
    /// <param name="keys">Has the keys of persons. Default: the files in <see cref="PersonalDataOptions.KeyDirectory"/>.</param>
    /// <param name="contentRoot">Where paths of the settings that are not whole begin: the content root of the gateway. Default: the current directory.</param>
    /// <exception cref="ArgumentException">The name is none.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no such journal, or no such directory of keys.</exception>
    /// <exception cref="InvalidDataException">A key of pseudonyms is not there, or is none.</exception>
    public AuditCustodian(JournalOptions options, string name, IConfiguration? configuration = null, IAuditKeyStore? keys = null, string? contentRoot = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(name);
        if (JournalPaths.FaultOfInstance(name) is { } fault)
        {
            throw new ArgumentException($"The name of a custodian: {fault}.", nameof(name));
        }

        var root = Path.GetFullPath(contentRoot ?? ".");
        (_options, _name) = (options.In(root), name);
        _directories = [.. JournalPaths.Roots(_options.Directory, _options.AlternateDirectory)];
        _ = new AuditLog(_options.Directory);
        _personal = _options.Personal is { } personal
            ? PersonalData.Open(personal, new SecretReader(TimeProvider.System, NullLogger<SecretReader>.Instance, configuration) { Root = root }, () => new(keys ?? StoreOf(personal), TimeProvider.System, NullLogger.Instance))
            : PersonalData.Plain;
    }

    /// <summary>The holds in force.</summary>
    /// <exception cref="IOException">They cannot be read.</exception>
    public IReadOnlyList<AuditHold> Holds => new AuditHolds(AuditHolds.In(_directories[0])).Read();

    /// <summary>The names that records may have a consumer by: by each pseudonym whose key is known, as it is, and by its key.</summary>
    /// <param name="consumer">The consumer's id.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<IReadOnlyList<string>> SubjectsOfAsync(string consumer, CancellationToken cancellationToken = default)
    {
        using var custody = CustodyOf(journal: null, []);
        return await custody.SubjectsOfAsync(consumer, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sets a hold. It counts from the moment this returns, for every instance that writes to the same directory. Recorded as <c>hold.set</c>, with the number of names in place of names.</summary>
    /// <param name="hold">What it touches; id and time are given here.</param>
    /// <param name="actor">Who does it.</param>
    /// <returns>The hold with its id.</returns>
    /// <exception cref="IOException">The hold cannot be kept, or the custodian's instance cannot be written. If it cannot be recorded alone, it holds all the same.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not write there.</exception>
    public Task<AuditHold> HoldAsync(AuditHold hold, string actor) => ActAsync(custody => custody.HoldAsync(hold, actor));

    /// <summary>Releases a hold. Recorded as <c>hold.released</c>.</summary>
    /// <param name="id">The id of the hold.</param>
    /// <param name="actor">Who does it.</param>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="IOException">The hold cannot be removed, or the custodian's instance cannot be written: the hold stays.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not write there.</exception>
    public async Task<bool> ReleaseAsync(string id, string actor) =>
        Holds.Any(hold => hold.Id == id) && await ActAsync(custody => custody.ReleaseAsync(id, actor)).ConfigureAwait(false);

    /// <summary>Erases the key of a consumer, as <see cref="AuditCustody.EraseAsync"/> does. A hold that touches the consumer wins. Recorded as <c>audit.erased</c> or <c>audit.erasure_refused</c>.</summary>
    /// <param name="consumer">The consumer's id.</param>
    /// <param name="actor">Who does it.</param>
    /// <param name="cancellationToken">Ends it before it is done.</param>
    /// <exception cref="InvalidOperationException">Nothing in the journal is encrypted.</exception>
    /// <exception cref="IOException">The custodian's instance cannot be written, or a hold or key cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not write there.</exception>
    public Task<AuditErasure> EraseAsync(string consumer, string actor, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(consumer);
        return _personal.Keys is null
            ? throw new InvalidOperationException("No part of the journal is encrypted (Journal.Personal.Encrypted): there is no key whose erasure would make anything unreadable.")
            : ActAsync(custody => custody.EraseAsync(consumer, actor, cancellationToken));
    }

    /// <summary>
    /// Deletes the segments whose time has come (<see cref="JournalOptions.RetainFor"/>), instance by instance, as their hosts would: the oldest first, no further than to the first one that has to stay, each recorded in its instance before
    /// it goes. Required copies are waited for as far as files tell of them. An instance of which nothing may go is not written to. Nothing goes by a clock that the newest record of the instance contradicts, unless it is said to be right.
    /// </summary>
    /// <param name="what">What is looked at. Default: all instances.</param>
    /// <param name="progress">Is told after each segment what has gone of its instance.</param>
    /// <param name="cancellationToken">Ends it between two segments.</param>
    /// <exception cref="DirectoryNotFoundException">There is no instance of a name.</exception>
    /// <exception cref="IOException">A file cannot be read or deleted, or the key that signs an instance is not to be had.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not write there.</exception>
    public async IAsyncEnumerable<AuditInstancePruning> PruneAsync(
        AuditCustodianPruning? what = null, IProgress<AuditPruning>? progress = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        what ??= new();
        string[] all = [.. JournalFolder.Read(_directories).Instances.Select(static one => one.Name)];
        if (what.Instances.FirstOrDefault(name => !all.Contains(name)) is { } missing)
        {
            throw new DirectoryNotFoundException($"There is no instance '{missing}' in '{_directories[0]}'. There are: {string.Join(", ", all)}.");
        }

        foreach (var instance in what.Instances is [] ? all : what.Instances)
        {
            yield return await PruneOneAsync(instance, what, progress, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<AuditInstancePruning> PruneOneAsync(string instance, AuditCustodianPruning what, IProgress<AuditPruning>? progress, CancellationToken cancellationToken)
    {
        var copies = new RequiredCopies(new BootFolders(_directories[0], _options.AlternateDirectory, instance).Shipping, what.WithoutCopies);
        var isInUse = JournalLock.IsHeld(_directories[0], instance);
        using var looking = CustodyOf(journal: null, [copies]);
        var pruning = isInUse && !what.IsPreview ? new AuditPruning(0, 0, AuditPruningStop.Newest) : await looking.PreviewAsync(instance, isInUse, cancellationToken).ConfigureAwait(false);
        if (pruning.Segments > 0 && !what.IsClockTrusted && !await looking.IsClockPlausibleAsync(instance, cancellationToken).ConfigureAwait(false))
        {
            pruning = new(0, 0, AuditPruningStop.Clock);
        }

        if (pruning.Segments > 0 && !what.IsPreview)
        {
            var journal = HostlessJournal.Open(_directories[0], _options.AlternateDirectory, instance, SigningKeyOf(instance));
            await using (journal.ConfigureAwait(false))
            {
                using var custody = CustodyOf(journal.Journal, [copies]);
                pruning = await custody.PruneAsync(progress, cancellationToken).ConfigureAwait(false);
            }
        }

        return new() { Instance = instance, Pruning = pruning, IsInUse = isInUse, MissingCopies = pruning.Stop is AuditPruningStop.Guard ? copies.Missing : [] };
    }

    private async Task<T> ActAsync<T>(Func<AuditCustody, Task<T>> act)
    {
        var journal = HostlessJournal.Open(_directories[0], alternateDirectory: null, _name);
        await using (journal.ConfigureAwait(false))
        {
            using var custody = CustodyOf(journal.Journal, []);
            try
            {
                return await act(custody).ConfigureAwait(false);
            }
            catch (InvalidOperationException exception)
            {
                throw new IOException(exception.Message, exception);
            }
        }
    }

    private AuditCustody CustodyOf(AuditJournal? journal, IReadOnlyList<IAuditSegmentGuard> guards) =>
        new(() => journal, () => _personal, _directories, _options.RetainFor, guards, TimeProvider.System, NullLogger.Instance) { HidesNames = true };

    // Another key would be a stranger's to whoever verifies.
    private string SigningKeyOf(string instance)
    {
        var folder = JournalPaths.Instance(_directories[0], instance);
        foreach (var file in ((string?[])[_options.SigningKeyFile, Path.Combine(folder, JournalPaths.SigningKey)]).OfType<string>().Where(File.Exists))
        {
            using var signer = FileAuditSigner.Open(file, folder, JournalFiles.Instance);
            if (File.Exists(Path.Combine(folder, JournalPaths.PublicKeys, signer.KeyId + ".pem")))
            {
                return file;
            }
        }

        throw new IOException(
            $"Nothing of the instance '{instance}' is deleted: what is deleted has to be signed for, and the key that signs it is not in '{Path.Combine(folder, JournalPaths.SigningKey)}'. Name its file (Journal.SigningKeyFile), or let the host of the instance do it.");
    }

    // A directory that is named wrongly would look like one in which nobody has a key.
    private static FileAuditKeyStore StoreOf(PersonalDataOptions personal) => Directory.Exists(personal.KeyDirectory)
        ? new(personal.KeyDirectory)
        : throw new DirectoryNotFoundException(
            $"There is no directory of keys '{personal.KeyDirectory}' (Journal.Personal.KeyDirectory). A path that is not whole begins at the content root of the gateway, which is the current directory unless another one is named.");
}
