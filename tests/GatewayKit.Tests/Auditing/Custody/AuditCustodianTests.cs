using System.Text.Json;
using GatewayKit.Auditing.Custody;
using GatewayKit.Auditing.Journal;
using GatewayKit.Auditing.Personal;
using GatewayKit.Auditing.Reading;
using GatewayKit.Configuration;
using GatewayKit.Secrets;
using Microsoft.Extensions.Configuration;

namespace GatewayKit.Tests.Auditing.Custody;

/// <summary>Custody from outside of hosts, beside other processes that act at the same moment.</summary>
public sealed class AuditCustodianTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("custodian-");
    private readonly HookedKeys _keys;

    public AuditCustodianTests()
    {
        Directory.CreateDirectory(Journal);
        _keys = new(new(Path.Combine(_folder.FullName, "keys")));
    }

    private string Journal => Path.Combine(_folder.FullName, "audit");

    private AuditCustodian Custodian => new(new() { Directory = Journal, Personal = new() { Encrypted = [PersonalField.Consumer] } }, "counsel", keys: _keys);

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Hold_that_another_process_sets_while_a_key_is_erased_wins()
    {
        var key = await _keys.GetAsync("sub:acme", CancellationToken.None);
        var hold = new AuditHold { Id = $"{Guid.NewGuid():N}", Subjects = ["acme"] };

        // The second time is behind the look at what is held.
        var finds = 0;
        _keys.OnFind = () =>
        {
            if (++finds is 2)
            {
                new AuditHolds(AuditHolds.In(Journal)).Add(hold);
            }
        };
        var erasure = await Custodian.EraseAsync("acme", "privacy");
        Assert.Equal([hold.Id], erasure.Holds);
        Assert.Equal([key.Id], await _keys.FindIdsAsync("sub:acme", CancellationToken.None));
        var entries = (await new AuditLog(Journal).QueryAsync(new() { IncludeEvents = true })).Entries;
        Assert.Equal(["audit.erased", "audit.erasure_refused"], entries.Select(static entry => entry.Event).Where(static name => name?.StartsWith("audit.eras", StringComparison.Ordinal) is true));
        Assert.True((await new AuditLog(Journal).VerifyAsync()).IsIntact);
    }

    [Fact]
    public async Task Key_that_is_made_while_its_consumer_is_erased_is_named_too()
    {
        var key = string.Empty;

        // The second time is the last look before it is recorded.
        var finds = 0;
        _keys.OnFound = () => key = ++finds is 2 ? _keys.GetAsync("sub:acme", CancellationToken.None).AsTask().GetAwaiter().GetResult().Id : key;
        var erasure = await Custodian.EraseAsync("acme", "privacy");
        Assert.Equal([key], erasure.Keys);
        Assert.Equal([("audit.erased", ""), ("audit.erased", key)], await ErasuresAsync());
    }

    [Fact]
    public async Task Act_that_cannot_be_recorded_is_not_done()
    {
        await _keys.GetAsync("sub:acme", CancellationToken.None);
        using (JournalLock.Take(Journal, "counsel", JournalFiles.Instance, TimeProvider.System))
        {
            var exception = await Assert.ThrowsAsync<IOException>(() => Custodian.EraseAsync("acme", "privacy"));
            Assert.Contains("Another process is writing it", exception.Message, StringComparison.Ordinal);
            await Assert.ThrowsAsync<IOException>(() => Custodian.HoldAsync(new() { Route = "orders" }, "counsel"));
        }

        Assert.Single(await _keys.FindIdsAsync("sub:acme", CancellationToken.None));
        Assert.Empty(Custodian.Holds);
    }

    // The other directory is made when it is needed.
    [Fact]
    public async Task Paths_begin_at_the_content_root_as_those_of_a_gateway_do()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "pseudonyms"), Convert.ToBase64String(new byte[32]));
        var options = new JournalOptions
        {
            Directory = "audit",
            AlternateDirectory = "alternate",
            Personal = new() { Encrypted = [PersonalField.Consumer], KeyDirectory = "keys", PseudonymKeys = new Dictionary<string, SecretReference> { ["2026"] = SecretReference.Parse("file:pseudonyms") } },
        };
        var key = await _keys.GetAsync("sub:acme", CancellationToken.None);
        var custodian = new AuditCustodian(options, "counsel", contentRoot: _folder.FullName);
        Assert.Equal(3, (await custodian.SubjectsOfAsync("acme")).Count);
        await custodian.HoldAsync(new() { Route = "orders" }, "counsel");
        Assert.Single(Custodian.Holds);
        Assert.True(Directory.Exists(Path.Combine(Journal, "counsel")));
        await custodian.ReleaseAsync(custodian.Holds[0].Id, "counsel");
        Assert.Equal([key.Id], (await custodian.EraseAsync("acme", "privacy")).Keys);
        await foreach (var one in custodian.PruneAsync(new() { IsPreview = true }))
        {
            Assert.Equal("counsel", one.Instance);
        }

        Assert.False(Directory.Exists(Path.Combine(_folder.FullName, "alternate")));
        Assert.Throws<DirectoryNotFoundException>(() => new AuditCustodian(options, "counsel", contentRoot: Path.Combine(_folder.FullName, "elsewhere")));
    }

    [Fact]
    public void Settings_of_the_journal_are_read_alone_and_every_error_is_told()
    {
        var options = AuditSettings.Read(Section(("Journal:RetainFor", "30.00:00:00"), ("Journal:Personal:Addresses", "Network"), ("Routes:orders:Nonsense", "1")));
        Assert.Equal((TimeSpan.FromDays(30), RecordedAddress.Network), (options.RetainFor, options.Personal!.Addresses));
        Assert.Equal(new JournalOptions(), AuditSettings.Read(Section()));
        var errors = Assert.Throws<GatewayConfigurationException>(() => AuditSettings.Read(Section(("Journal:RetainForr", "1"), ("Journal:SegmentAge", "00:00:01"), ("Journal:MaxInFlight", "x")))).Errors;
        Assert.Equal(3, errors.Count);
        Assert.All((string[])["RetainForr", "SegmentAge is 00:00:01", "MaxInFlight"], part => Assert.Contains(errors, error => error.ToString().Contains(part, StringComparison.Ordinal)));
    }

    private async Task<(string? Event, string Keys)[]> ErasuresAsync() =>
    [
        .. (await new AuditLog(Journal).QueryAsync(new() { IncludeEvents = true })).Entries
            .Where(static entry => entry.Event?.StartsWith("audit.eras", StringComparison.Ordinal) is true)
            .Select(static entry => (entry.Event, string.Join(',', JsonElement.Parse(entry.Begin!.Text).GetProperty("keys").EnumerateArray().Select(static id => id.GetString())))),
    ];

    private static IConfigurationSection Section(params (string Key, string? Value)[] values) =>
        new ConfigurationBuilder().AddInMemoryCollection(values.Select(static pair => KeyValuePair.Create("Gateway:" + pair.Key, pair.Value))).Build().GetSection("Gateway");

    private sealed class HookedKeys(FileAuditKeyStore inner) : IAuditKeyStore
    {
        public Action? OnFind { get; set; }

        public Action? OnFound { get; set; }

        public ValueTask<AuditKey> GetAsync(string subject, CancellationToken cancellationToken) => inner.GetAsync(subject, cancellationToken);

        public ValueTask<AuditKey?> FindAsync(string id, CancellationToken cancellationToken) => inner.FindAsync(id, cancellationToken);

        public async ValueTask<IReadOnlyList<string>> FindIdsAsync(string subject, CancellationToken cancellationToken)
        {
            OnFind?.Invoke();
            var ids = await inner.FindIdsAsync(subject, cancellationToken);
            OnFound?.Invoke();
            return ids;
        }

        public ValueTask<IReadOnlyList<string>> EraseAsync(string subject, CancellationToken cancellationToken) => inner.EraseAsync(subject, cancellationToken);
    }
}
