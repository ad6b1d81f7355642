using GatewayKit.Configuration;
using GatewayKit.EntityFrameworkCoreTests.Hosting;
using GatewayKit.Identity.Consumers;

namespace GatewayKit.EntityFrameworkCoreTests;

/// <summary>What cannot be kept is refused before a database does it in its own words, with the place of each error.</summary>
public sealed class StorableConsumerTests(PostgresServer server) : Databases(server)
{
    private const string Hash = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ";
    private static readonly string Long = new('x', 401);

    public static TheoryData<string, Consumer> Bad => new()
    {
        { "DisplayName: It has 401 characters", new() { Id = "acme", DisplayName = Long } },
        { "Plan: It has 401 characters", new() { Id = "acme", Plan = Long } },
        { "Id: It is empty", new() { Id = "" } },
        { "Identities: It has 401 characters", new() { Id = "acme", Identities = [Long] } },
        { "Identities: It has a character that databases do not keep.", new() { Id = "acme", Identities = ["a\0b"] } },
        { "Applications:app:Identities: It has a character that databases do not keep.", new() { Id = "acme", Applications = [new() { Id = "app", Identities = ["\ud800"] }] } },
        { "Keys:key00001:Hash: It has 401 characters", new() { Id = "acme", Keys = [new() { Id = "key00001", Hash = Long }] } },
        { "Applications:app:Keys:key00001: 'key00001' is there twice", Twice(new() { Id = "key00001", Hash = Hash }) },
        { "Identities: 'me' is there twice", new() { Id = "acme", Identities = ["me", "me"] } },
        { "Applications: 'app' is there twice", new() { Id = "acme", Applications = [new() { Id = "app" }, new() { Id = "App" }] } },
        { "Subscriptions: 'orders' is there twice", new() { Id = "acme", Subscriptions = [new() { Id = "orders", Plan = "gold" }, new() { Id = "Orders", Plan = "gold" }] } },
        { "Subscriptions:orders:Plan: It is empty", new() { Id = "acme", Subscriptions = [new() { Id = "orders", Plan = null! }] } },
        { "SigningKeys:k:PublicKey: It is a private key", new() { Id = "acme", SigningKeys = [new() { Id = "k", Algorithm = SigningAlgorithm.RsaPssSha512, PublicKey = "-----BEGIN PRIVATE KEY-----" }] } },
        { "SigningKeys:k: 'k' is there twice", new() { Id = "acme", SigningKeys = [new() { Id = "k", Algorithm = SigningAlgorithm.HmacSha256 }, new() { Id = "k", Algorithm = SigningAlgorithm.HmacSha256 }] } },
    };

    [Theory]
    [MemberData(nameof(Bad), DisableDiscoveryEnumeration = true)]
    public async Task What_cannot_be_kept_names_its_place(string message, Consumer consumer)
    {
        await using var host = await StoreHost.StartAsync(await OpenAsync(Kind.Sqlite));
        var error = await Assert.ThrowsAsync<ArgumentException>(async () => await host.Store.CreateAsync(consumer, default));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        var inner = Assert.Single(Assert.IsType<GatewayConfigurationException>(error.InnerException).Errors);
        Assert.StartsWith(message, $"{inner.Path}: {inner.Message}", StringComparison.Ordinal);
        Assert.Empty(await host.Store.ListAsync(null, 10, default));
    }

    [Fact]
    public async Task All_errors_are_told_at_once()
    {
        await using var host = await StoreHost.StartAsync(await OpenAsync(Kind.Sqlite));
        var error = await Assert.ThrowsAsync<ArgumentException>(async () => await host.Store.CreateAsync(new() { Id = "acme", DisplayName = Long, Plan = Long, Identities = [Long] }, default));
        Assert.Equal(["DisplayName", "Plan", "Identities"], Assert.IsType<GatewayConfigurationException>(error.InnerException).Errors.Select(static one => one.Path));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Longest_that_may_be_is_kept(Kind kind)
    {
        await using var host = await StoreHost.StartAsync(await OpenAsync(kind));
        var most = new string('ü', 400);
        var consumer = new Consumer
        {
            Id = "acme",
            DisplayName = most,
            Identities = [most],
            SigningKeys = [new() { Id = "k", Algorithm = SigningAlgorithm.RsaPssSha512, PublicKey = new('k', 5_000) }],
        };
        await host.Store.CreateAsync(consumer, default);
        Assert.Equal(consumer, await host.Store.FindAsync(CredentialKind.Identity, most, default));
        Assert.Equal(consumer, await host.Store.FindAsync(CredentialKind.SigningKey, "k", default));
    }

    private static Consumer Twice(ConsumerKey key) => new() { Id = "acme", Keys = [key], Applications = [new() { Id = "app", Keys = [key] }] };
}
