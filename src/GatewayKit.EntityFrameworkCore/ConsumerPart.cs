namespace GatewayKit.EntityFrameworkCore;

/// <summary>One row of any table that a consumer is made of: what a look-up reads, all in one statement.</summary>
internal sealed class ConsumerPart
{
    public required int Kind { get; init; }

    public required string ConsumerId { get; init; }

    /// <summary>Empty for what is the consumer's own.</summary>
    public required string ApplicationId { get; init; }

    public required string Id { get; init; }

    public required int Ordinal { get; init; }

    /// <summary>The state, or the algorithm of a key for signatures.</summary>
    public string? State { get; init; }

    public string? PlanId { get; init; }

    /// <summary>The name of a consumer, the hash of a key, where the secret of a key for signatures is.</summary>
    public string? Text { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    public bool IsRevoked { get; init; }

    public string? Scopes { get; init; }

    /// <summary>The metadata of a consumer, limits of a subscription or key; the PEM of a public key.</summary>
    public string? Json { get; init; }

    public long Version { get; init; }

    /// <summary>What <see cref="Kind"/> can be; the order in which a consumer is put together.</summary>
    public static class Kinds
    {
        public const int Consumer = 0;
        public const int Application = 1;
        public const int Subscription = 2;
        public const int Key = 3;
        public const int Identity = 4;
        public const int SigningKey = 5;
    }
}
