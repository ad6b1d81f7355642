using GatewayKit.Identity.ApiKeys;
using GatewayKit.Identity.Consumers;
using GatewayKit.Identity.Signatures;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Identity.RequestSignatures;

/// <summary>Strangers who make up ids of keys and signatures.</summary>
public sealed class SignatureGuessTests
{
    // Each id that nobody has is a question to a store, and there are four in a request.
    [Fact]
    public async Task Address_that_guesses_is_limited_and_keys_that_are_known_pass()
    {
        var store = new SigningStore();
        await using var gateway = await SignedGateway.StartAsync(services: builder =>
        {
            builder.Services.AddSingleton(store).Configure<ApiKeyOptions>(static options => (options.FailuresPerMinute, options.FailureBurst) = (1, 5));
            builder.AddConsumerStore<SigningStore>();
        });
        Assert.Equal(200, (await gateway.AskAsync(gateway.Request(), SignedGateway.Hmac)).Status);
        Assert.Equal(200, (await gateway.AskAsync(gateway.Request() with { KeyId = "stored" }, SignedGateway.Hmac)).Status);
        var asked = store.Finds;
        int[] answers = [.. (await Task.WhenAll(Enumerable.Range(0, 20).Select(number => gateway.AskAsync(gateway.Request() with { KeyId = $"guess-{number}" }, SignedGateway.Hmac)))).Select(static answer => answer.Status)];
        Assert.Equal((5, 15), (answers.Count(static status => status is 401), answers.Count(static status => status is 429)));
        Assert.Equal(5, store.Finds - asked);
        Assert.Equal(429, (await gateway.AskAsync(gateway.Request() with { KeyId = "stored-too" }, SignedGateway.Hmac)).Status);
        Assert.Equal(429, (await gateway.AskAsync(gateway.Request(), SignatureKey.Hmac(new byte[32]))).Status);
        foreach (var known in (string[])["acme-1", "stored"])
        {
            Assert.Equal(200, (await gateway.AskAsync(gateway.Request() with { KeyId = known, Nonce = known }, SignedGateway.Hmac)).Status);
        }
    }

    [Fact]
    public async Task Keys_of_a_store_that_hold_count_for_nothing()
    {
        var store = new SigningStore();
        await using var gateway = await SignedGateway.StartAsync(services: builder =>
        {
            builder.Services.AddSingleton(store).Configure<ApiKeyOptions>(static options => (options.FailuresPerMinute, options.FailureBurst) = (1, 1));
            builder.AddConsumerStore<SigningStore>();
        });
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(200, (await gateway.AskAsync(gateway.Request() with { KeyId = $"stored-{i}" }, SignedGateway.Hmac)).Status);
        }
    }

    /// <summary>Knows keys that begin with "stored".</summary>
    private sealed class SigningStore : IConsumerStore
    {
        private int _finds;

        public int Finds => Volatile.Read(ref _finds);

        public string Name => "signing";

        public ValueTask<Consumer?> FindAsync(CredentialKind kind, string id, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _finds);
            return new(id.StartsWith("stored", StringComparison.Ordinal) ? new Consumer { Id = "partner", SigningKeys = [SignedGateway.HmacKey with { Id = id }] } : null);
        }

        public ValueTask<ConsumerChanges> ReadChangesAsync(string? cursor, CancellationToken cancellationToken) => new(new ConsumerChanges("0", []));
    }
}
