using GatewayKit.Identity.Consumers;
using GatewayKit.Secrets;
using GatewayKit.Throttling;
using GatewayKit.Throttling.Quotas;

namespace GatewayKit.EntityFrameworkCoreTests;

/// <summary>What every store that can be written has to do.</summary>
public abstract class ConsumerRepositoryConformance : IAsyncLifetime
{
    private const string PublicKey = """
        -----BEGIN PUBLIC KEY-----
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf
        w0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==
        -----END PUBLIC KEY-----
        """;

    private static readonly SecretReference Secret = SecretReference.Parse("file:/run/secrets/acme");

    private const string Hash = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ";

    private protected IConsumerRepository Store { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Store = await OpenAsync();

    public abstract ValueTask DisposeAsync();

    /// <summary>Opens an empty store.</summary>
    private protected abstract Task<IConsumerRepository> OpenAsync();

    /// <summary>Fills the log of changes.</summary>
    private protected abstract Task AddChangesAsync(int count);

    [Fact]
    public async Task What_was_written_is_read_by_each_of_its_credentials_and_by_its_id()
    {
        var consumer = Full("acme");
        var written = await Store.CreateAsync(consumer, default);

        Assert.Equal(ConsumerWriteStatus.Written, written.Status);
        Assert.Equal(new(consumer, written.Version!), await Store.GetAsync("ACME", default));
        foreach (var key in (string[])["acmeKey1", "acmeKey2", "acmeKey3"])
        {
            Assert.Equal(consumer, await Store.FindAsync(CredentialKind.ApiKey, key, default));
        }

        foreach (var identity in (string[])["Bearer/acme", "acme-shop"])
        {
            Assert.Equal(consumer, await Store.FindAsync(CredentialKind.Identity, identity, default));
        }

        foreach (var key in (string[])["acme-signs", "acme-hmac"])
        {
            Assert.Equal(consumer, await Store.FindAsync(CredentialKind.SigningKey, key, default));
        }
    }

    [Fact]
    public async Task Least_that_a_consumer_can_be_is_read_as_it_was()
    {
        var consumer = new Consumer { Id = "acme" };
        var written = await Store.CreateAsync(consumer, default);

        Assert.Equal(new(consumer, written.Version!), await Store.GetAsync("acme", default));
    }

    [Theory]
    [InlineData("")]
    [InlineData("nobody00")]
    [InlineData("ACMEKEY1")]
    [InlineData("acme")]
    [InlineData("a\0b")]
    [InlineData("' OR 1=1 --")]
    [InlineData("%")]
    public async Task Credential_of_nobody_is_nobodys(string id)
    {
        await Store.CreateAsync(Full("acme"), default);

        Assert.Null(await Store.FindAsync(CredentialKind.ApiKey, id, default));
        Assert.Null(await Store.FindAsync(CredentialKind.Identity, id, default));
        Assert.Null(await Store.FindAsync(CredentialKind.SigningKey, id, default));
    }

    [Fact]
    public async Task Credential_that_no_database_can_hold_is_nobodys()
    {
        foreach (var id in (string[])["\ud800", "x\udc00", new('x', 1_000_000)])
        {
            Assert.Null(await Store.FindAsync(CredentialKind.ApiKey, id, default));
            Assert.Null(await Store.FindAsync(CredentialKind.Identity, id, default));
            Assert.Null(await Store.FindAsync(CredentialKind.SigningKey, id, default));
            Assert.Null(await Store.GetAsync(id, default));
        }
    }

    [Fact]
    public async Task Kinds_of_credentials_are_told_apart()
    {
        await Store.CreateAsync(Full("acme"), default);

        Assert.Null(await Store.FindAsync(CredentialKind.Identity, "acmeKey1", default));
        Assert.Null(await Store.FindAsync(CredentialKind.ApiKey, "Bearer/acme", default));
        Assert.Null(await Store.FindAsync(CredentialKind.SigningKey, "acmeKey1", default));
        Assert.Null(await Store.FindAsync(CredentialKind.ApiKey, "acme-signs", default));
    }

    [Fact]
    public async Task Key_for_signatures_of_another_consumer_is_not_taken()
    {
        await Store.CreateAsync(Full("acme"), default);
        var other = new Consumer { Id = "other", SigningKeys = [new() { Id = "acme-hmac", Algorithm = SigningAlgorithm.HmacSha256, Secret = Secret }] };

        Assert.Equal(new(ConsumerWriteStatus.CredentialTaken) { Credential = "acme-hmac" }, await Store.CreateAsync(other, default));
    }

    [Fact]
    public async Task Key_for_signatures_that_is_withdrawn_or_removed_is_so_at_once()
    {
        var consumer = new Consumer { Id = "acme", SigningKeys = [new() { Id = "acme-hmac", Algorithm = SigningAlgorithm.HmacSha256, Secret = Secret }] };
        var version = (await Store.CreateAsync(consumer, default)).Version!;
        version = (await Store.UpdateAsync(consumer with { SigningKeys = [consumer.SigningKeys[0] with { IsRevoked = true }] }, version, default)).Version!;
        Assert.True((await Store.FindAsync(CredentialKind.SigningKey, "acme-hmac", default))!.SigningKeys[0].IsRevoked);
        await Store.UpdateAsync(consumer with { SigningKeys = [] }, version, default);
        Assert.Null(await Store.FindAsync(CredentialKind.SigningKey, "acme-hmac", default));
    }

    [Theory]
    [InlineData("acme")]
    [InlineData("ACME")]
    public async Task Id_is_there_once_in_any_case(string id)
    {
        await Store.CreateAsync(new() { Id = "acme", DisplayName = "First" }, default);

        Assert.Equal(ConsumerWriteStatus.Exists, (await Store.CreateAsync(new() { Id = id, DisplayName = "Second" }, default)).Status);
        Assert.Equal("First", (await Store.GetAsync(id, default))!.Consumer.DisplayName);
    }

    [Fact]
    public async Task Key_of_another_consumer_is_not_taken()
    {
        await Store.CreateAsync(Full("acme"), default);
        var other = new Consumer { Id = "other", Applications = [new() { Id = "app", Keys = [new() { Id = "acmeKey2", Hash = Hash }] }] };

        Assert.Equal(new(ConsumerWriteStatus.CredentialTaken) { Credential = "acmeKey2" }, await Store.CreateAsync(other, default));
        Assert.Null(await Store.GetAsync("other", default));
        Assert.Equal("acme", (await Store.FindAsync(CredentialKind.ApiKey, "acmeKey2", default))!.Id);
    }

    [Fact]
    public async Task Identity_of_another_consumer_is_not_taken()
    {
        await Store.CreateAsync(Full("acme"), default);
        var other = new Consumer { Id = "other" };
        var version = (await Store.CreateAsync(other, default)).Version!;

        Assert.Equal(
            new(ConsumerWriteStatus.CredentialTaken) { Credential = "acme-shop" },
            await Store.UpdateAsync(other with { Identities = ["acme-shop"] }, version, default));
        Assert.Equal(new(other, version), await Store.GetAsync("other", default));
    }

    [Fact]
    public async Task Update_puts_what_is_new_in_place_of_all_that_was_there()
    {
        var version = (await Store.CreateAsync(Full("acme"), default)).Version!;
        var next = new Consumer { Id = "acme", State = ConsumerState.Suspended, Keys = [new() { Id = "acmeKey2", Hash = Hash, IsRevoked = true }] };

        var written = await Store.UpdateAsync(next, version, default);

        Assert.NotEqual(version, written.Version);
        Assert.Equal(new(next, written.Version!), await Store.GetAsync("acme", default));
        Assert.Equal(next, await Store.FindAsync(CredentialKind.ApiKey, "acmeKey2", default));
        Assert.Null(await Store.FindAsync(CredentialKind.ApiKey, "acmeKey1", default));
        Assert.Null(await Store.FindAsync(CredentialKind.Identity, "acme-shop", default));
    }

    [Fact]
    public async Task Id_stays_as_it_was_spelled_first()
    {
        var version = (await Store.CreateAsync(Full("Acme"), default)).Version!;

        Assert.Equal(ConsumerWriteStatus.Written, (await Store.UpdateAsync(Full("Acme") with { Id = "ACME" }, version, default)).Status);
        Assert.Equal("Acme", (await Store.FindAsync(CredentialKind.ApiKey, "AcmeKey1", default))!.Id);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("")]
    [InlineData("not a version")]
    [InlineData("99999999999999999999999")]
    public async Task Write_with_a_version_that_never_was_changes_nothing(string version)
    {
        var consumer = Full("acme");
        var first = (await Store.CreateAsync(consumer, default)).Version!;

        Assert.Equal(ConsumerWriteStatus.Changed, (await Store.UpdateAsync(new() { Id = "acme" }, version, default)).Status);
        Assert.Equal(ConsumerWriteStatus.Changed, (await Store.DeleteAsync("acme", version, default)).Status);
        Assert.Equal(new(consumer, first), await Store.GetAsync("acme", default));
    }

    [Fact]
    public async Task Write_of_nobody_says_so()
    {
        Assert.Equal(ConsumerWriteStatus.NotFound, (await Store.UpdateAsync(new() { Id = "acme" }, "1", default)).Status);
        Assert.Equal(ConsumerWriteStatus.NotFound, (await Store.DeleteAsync("acme", "1", default)).Status);
    }

    [Fact]
    public async Task Version_of_a_consumer_that_was_removed_never_comes_again()
    {
        var first = (await Store.CreateAsync(Full("acme"), default)).Version!;
        Assert.Equal(ConsumerWriteStatus.Written, (await Store.DeleteAsync("ACME", first, default)).Status);
        Assert.Null(await Store.GetAsync("acme", default));
        Assert.Null(await Store.FindAsync(CredentialKind.ApiKey, "acmeKey1", default));
        Assert.Null(await Store.FindAsync(CredentialKind.Identity, "acme-shop", default));

        var second = (await Store.CreateAsync(Full("acme"), default)).Version!;

        Assert.NotEqual(first, second);
        Assert.Equal(ConsumerWriteStatus.Changed, (await Store.UpdateAsync(new() { Id = "acme" }, first, default)).Status);
    }

    [Fact]
    public async Task Of_those_who_read_the_same_version_one_writes()
    {
        var consumer = new Consumer { Id = "acme" };
        var version = (await Store.CreateAsync(consumer, default)).Version!;

        var writes = await Task.WhenAll(Enumerable.Range(0, 50).Select(number => Task.Run(async () => await Store.UpdateAsync(consumer with { DisplayName = $"{number}" }, version, default))));

        var winner = Assert.Single(writes, static write => write.Status is ConsumerWriteStatus.Written);
        Assert.Equal(winner.Version, (await Store.GetAsync("acme", default))!.Version);
        Assert.Equal(49, writes.Count(static write => write.Status is ConsumerWriteStatus.Changed));
    }

    [Fact]
    public async Task Thousand_writers_at_once_lose_nothing()
    {
        var start = (await Store.ReadChangesAsync(null, default)).Cursor;

        var writes = await Task.WhenAll(Enumerable.Range(0, 1_000).Select(number => Task.Run(async () => await Store.CreateAsync(new() { Id = $"consumer-{number}", Keys = [new() { Id = $"key{number}", Hash = Hash }] }, default))));

        Assert.All(writes, static write => Assert.Equal(ConsumerWriteStatus.Written, write.Status));
        Assert.Equal(1_000, writes.DistinctBy(static write => write.Version).Count());
        var changes = await Store.ReadChangesAsync(start, default);
        Assert.False(changes.IsEverything);
        Assert.Equal(1_000, changes.ConsumerIds.Distinct().Count());
        Assert.Equal("consumer-999", (await Store.FindAsync(CredentialKind.ApiKey, "key999", default))!.Id);
        Assert.Equal(1_000, (await Store.ListAsync(null, 1_000, default)).Count);
    }

    [Fact]
    public async Task Pages_have_everybody_once()
    {
        string[] ids = ["delta", "Alpha", "charlie", "Bravo", "echo", "f-1", "f-10", "f-2", "ümlaut"];
        foreach (var id in ids)
        {
            await Store.CreateAsync(Full(id), default);
        }

        var seen = new List<string>();
        while (await Store.ListAsync(seen.LastOrDefault(), 2, default) is { Count: > 0 } page)
        {
            Assert.All(page, static one => Assert.Equal(Full(one.Consumer.Id), one.Consumer));
            seen.AddRange(page.Select(static one => one.Consumer.Id));
        }

        Assert.Equal(ids.Order(StringComparer.Ordinal), seen.Order(StringComparer.Ordinal));
        Assert.Equal(seen, (await Store.ListAsync(null, 1_000, default)).Select(static one => one.Consumer.Id));
        await Store.DeleteAsync(seen[1], (await Store.GetAsync(seen[1], default))!.Version, default);
        Assert.Equal(seen[2..4], (await Store.ListAsync(seen[1], 2, default)).Select(static one => one.Consumer.Id));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1_001)]
    public async Task Page_has_a_bound(int count) => await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Store.ListAsync(null, count, default));

    [Fact]
    public async Task Every_change_is_told_once()
    {
        await Store.CreateAsync(Full("before"), default);
        var changes = await Store.ReadChangesAsync(null, default);
        Assert.Empty(changes.ConsumerIds);
        Assert.False(changes.IsEverything);

        var version = (await Store.CreateAsync(Full("acme"), default)).Version!;
        Assert.Equal(["acme"], (changes = await Store.ReadChangesAsync(changes.Cursor, default)).ConsumerIds);
        version = (await Store.UpdateAsync(new() { Id = "ACME" }, version, default)).Version!;
        await Store.CreateAsync(Full("other"), default);
        Assert.Equal(["acme", "other"], (changes = await Store.ReadChangesAsync(changes.Cursor, default)).ConsumerIds);
        await Store.DeleteAsync("acme", version, default);
        Assert.Equal(["acme"], (changes = await Store.ReadChangesAsync(changes.Cursor, default)).ConsumerIds);
        Assert.Empty((changes = await Store.ReadChangesAsync(changes.Cursor, default)).ConsumerIds);
        Assert.False(changes.IsEverything);
    }

    [Fact]
    public async Task First_change_of_all_is_told()
    {
        var changes = await Store.ReadChangesAsync(null, default);
        await Store.CreateAsync(Full("acme"), default);
        Assert.Equal(["acme"], (await Store.ReadChangesAsync(changes.Cursor, default)).ConsumerIds);
    }

    [Fact]
    public async Task What_was_not_written_is_no_change()
    {
        await Store.CreateAsync(Full("acme"), default);
        var cursor = (await Store.ReadChangesAsync(null, default)).Cursor;

        await Store.CreateAsync(Full("acme"), default);
        await Store.UpdateAsync(Full("nobody"), "1", default);
        await Store.DeleteAsync("acme", "0", default);

        Assert.Empty((await Store.ReadChangesAsync(cursor, default)).ConsumerIds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("99999.00000000000000000000000000000000")]
    public async Task Cursor_that_is_not_known_means_that_everything_may_have_changed(string cursor)
    {
        await Store.CreateAsync(Full("acme"), default);
        var changes = await Store.ReadChangesAsync(cursor, default);
        Assert.True(changes.IsEverything);
        Assert.False((await Store.ReadChangesAsync(changes.Cursor, default)).IsEverything);
    }

    [Fact]
    public async Task So_many_changes_that_nobody_wants_to_hear_each_are_told_as_everything()
    {
        var cursor = (await Store.ReadChangesAsync(null, default)).Cursor;
        await AddChangesAsync(1_002);

        var changes = await Store.ReadChangesAsync(cursor, default);
        Assert.True(changes.IsEverything);
        Assert.Empty((await Store.ReadChangesAsync(changes.Cursor, default)).ConsumerIds);
    }

    internal static Consumer Full(string id) => new()
    {
        Id = id,
        DisplayName = "Ä \"name\"; DROP TABLE -- 😀",
        State = ConsumerState.Active,
        Plan = "gold",
        Scopes = ["orders:read", "orders:write"],
        Keys = [new() { Id = $"{id}Key1", Hash = Hash }],
        SigningKeys = [new() { Id = $"{id}-signs", Algorithm = SigningAlgorithm.EcdsaP256Sha256, PublicKey = PublicKey, ExpiresAt = new(2027, 6, 1, 0, 0, 0, TimeSpan.Zero) }],
        Identities = [$"Bearer/{id}"],
        Subscriptions = [new() { Id = "orders", Plan = "gold", ExpiresAt = new(2027, 1, 2, 3, 4, 5, 678, TimeSpan.Zero) }],
        Metadata = new Dictionary<string, string> { ["billing"] = "4711", ["note"] = "" },
        Applications =
        [
            new()
            {
                Id = "shop",
                State = ConsumerState.Suspended,
                Plan = "silver",
                Scopes = ["orders:read"],
                Identities = [$"{id}-shop"],
                SigningKeys = [new() { Id = $"{id}-hmac", Algorithm = SigningAlgorithm.HmacSha256, Secret = Secret, IsRevoked = true }],
                Keys =
                [
                    new() { Id = $"{id}Key3", Hash = Hash, ExpiresAt = new(2026, 12, 31, 23, 59, 59, TimeSpan.Zero), IsRevoked = true, Scopes = ["orders:read"] },
                    new() { Id = $"{id}Key2", Hash = Hash, Policies = [new ThrottlePolicy { RequestsPerSecond = 5 }] },
                ],
                Subscriptions =
                [
                    new() { Id = "stock", Plan = "silver", State = SubscriptionState.Submitted },
                    new() { Id = "orders", Plan = "silver", Policies = [new QuotaPolicy { Limit = 1_000, Window = new CalendarWindow(CalendarUnit.Day) }] },
                ],
            },
            new() { Id = "app" },
        ],
    };
}
