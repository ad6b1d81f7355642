using System.Globalization;
using System.Text.Json;
using GatewayKit.Configuration;
using GatewayKit.EntityFrameworkCore.Rows;
using GatewayKit.Identity.Consumers;
using GatewayKit.Pipeline;
using GatewayKit.Secrets;

namespace GatewayKit.EntityFrameworkCore;

/// <summary>Takes consumers apart into rows, and puts them together again. Limits are written as in a configuration, so that a policy of another package needs no column.</summary>
internal sealed class ConsumerForm(GatewayConfigurationWriter writer, GatewayConfigurationReader reader)
{
    // The coarser of what databases keep; whoever compares sees the same on each.
    private const long TicksKept = TimeSpan.TicksPerMillisecond;

    /// <summary>The row of a consumer itself.</summary>
    public static ConsumerRow RowOf(Consumer consumer, long version) => new()
    {
        Id = consumer.Id,
        NormalizedId = Normalize(consumer.Id),
        DisplayName = consumer.DisplayName,
        State = consumer.State.ToString(),
        PlanId = consumer.Plan,
        Scopes = Write(consumer.Scopes),
        Metadata = consumer.Metadata.Count == 0 ? null : JsonSerializer.Serialize(consumer.Metadata, RowJson.Default.IReadOnlyDictionaryStringString),
        Version = version,
    };

    /// <summary>What ids are told apart by.</summary>
    public static string Normalize(string id) => id.ToUpperInvariant();

    /// <summary>The rows of all that a consumer has.</summary>
    /// <param name="consumer">The consumer.</param>
    /// <param name="id">Its id as the store spells it.</param>
    public IEnumerable<object> RowsOf(Consumer consumer, string id) =>
        consumer.Applications.SelectMany((application, ordinal) => RowsOf(id, application.Id, application.Subscriptions, application.Keys, application.SigningKeys, application.Identities).Prepend(new ApplicationRow
        {
            ConsumerId = id,
            Id = application.Id,
            Ordinal = ordinal,
            State = application.State.ToString(),
            PlanId = application.Plan,
            Scopes = Write(application.Scopes),
        })).Concat(RowsOf(id, string.Empty, consumer.Subscriptions, consumer.Keys, consumer.SigningKeys, consumer.Identities));

    /// <summary>Puts the parts of one consumer together.</summary>
    /// <exception cref="InvalidOperationException">A row says what this host does not know.</exception>
    public StoredConsumer Assemble(IReadOnlyCollection<ConsumerPart> parts)
    {
        var row = parts.Single(static part => part.Kind == ConsumerPart.Kinds.Consumer);
        try
        {
            var consumer = new Consumer
            {
                Id = row.Id,
                DisplayName = row.Text,
                State = Read<ConsumerState>(row.State),
                Plan = row.PlanId,
                Scopes = ReadList(row.Scopes) ?? [],
                Metadata = row.Json is null ? new Dictionary<string, string>() : JsonSerializer.Deserialize(row.Json, RowJson.Default.IReadOnlyDictionaryStringString) ?? throw new JsonException("Metadata is null."),
                Keys = KeysOf(parts, string.Empty),
                SigningKeys = SigningKeysOf(parts, string.Empty),
                Identities = IdentitiesOf(parts, string.Empty),
                Subscriptions = SubscriptionsOf(parts, string.Empty),
                Applications =
                [
                    .. Of(parts, ConsumerPart.Kinds.Application).Select(application => new ConsumerApplication
                    {
                        Id = application.Id,
                        State = Read<ConsumerState>(application.State),
                        Plan = application.PlanId,
                        Scopes = ReadList(application.Scopes),
                        Keys = KeysOf(parts, application.Id),
                        SigningKeys = SigningKeysOf(parts, application.Id),
                        Identities = IdentitiesOf(parts, application.Id),
                        Subscriptions = SubscriptionsOf(parts, application.Id),
                    }),
                ],
            };
            return new(consumer, VersionText.Of(row.Version));
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or JsonException or GatewayConfigurationException)
        {
            // A limit that is not understood must not be one that does not hold.
            throw new InvalidOperationException($"The rows of consumer '{row.Id}' say what this host does not understand: {exception.Message}", exception);
        }
    }

    private IEnumerable<object> RowsOf(
        string consumer, string application, IReadOnlyList<Subscription> subscriptions, IReadOnlyList<ConsumerKey> keys, IReadOnlyList<ConsumerSigningKey> signingKeys, IReadOnlyList<string> identities)
    {
        for (var ordinal = 0; ordinal < subscriptions.Count; ordinal++)
        {
            var subscription = subscriptions[ordinal];
            yield return new SubscriptionRow
            {
                ConsumerId = consumer,
                ApplicationId = application,
                ProductId = subscription.Id,
                Ordinal = ordinal,
                PlanId = subscription.Plan,
                State = subscription.State.ToString(),
                ExpiresAt = Round(subscription.ExpiresAt),
                Limits = Write(subscription.Policies),
            };
        }

        for (var ordinal = 0; ordinal < keys.Count; ordinal++)
        {
            var key = keys[ordinal];
            yield return new KeyRow
            {
                Id = key.Id,
                ConsumerId = consumer,
                ApplicationId = application,
                Ordinal = ordinal,
                Hash = key.Hash,
                ExpiresAt = Round(key.ExpiresAt),
                IsRevoked = key.IsRevoked,
                Scopes = Write(key.Scopes),
                Limits = Write(key.Policies),
            };
        }

        for (var ordinal = 0; ordinal < signingKeys.Count; ordinal++)
        {
            var key = signingKeys[ordinal];
            yield return new SigningKeyRow
            {
                Id = key.Id,
                ConsumerId = consumer,
                ApplicationId = application,
                Ordinal = ordinal,
                Algorithm = key.Algorithm.ToString(),
                PublicKey = key.PublicKey,
                Secret = key.Secret?.ToString(),
                ExpiresAt = Round(key.ExpiresAt),
                IsRevoked = key.IsRevoked,
            };
        }

        for (var ordinal = 0; ordinal < identities.Count; ordinal++)
        {
            yield return new IdentityRow { Id = identities[ordinal], ConsumerId = consumer, ApplicationId = application, Ordinal = ordinal };
        }
    }

    private ConsumerKey[] KeysOf(IReadOnlyCollection<ConsumerPart> parts, string application) =>
    [
        .. Of(parts, ConsumerPart.Kinds.Key, application).Select(part => new ConsumerKey
        {
            Id = part.Id,
            Hash = part.Text!,
            ExpiresAt = part.ExpiresAt,
            IsRevoked = part.IsRevoked,
            Scopes = ReadList(part.Scopes),
            Policies = ReadLimits(part.Json),
        }),
    ];

    private static ConsumerSigningKey[] SigningKeysOf(IReadOnlyCollection<ConsumerPart> parts, string application) =>
    [
        .. Of(parts, ConsumerPart.Kinds.SigningKey, application).Select(static part => new ConsumerSigningKey
        {
            Id = part.Id,
            Algorithm = Read<SigningAlgorithm>(part.State),
            PublicKey = part.Json,
            Secret = part.Text is { } secret ? SecretReference.Parse(secret, CultureInfo.InvariantCulture) : null,
            ExpiresAt = part.ExpiresAt,
            IsRevoked = part.IsRevoked,
        }),
    ];

    private Subscription[] SubscriptionsOf(IReadOnlyCollection<ConsumerPart> parts, string application) =>
    [
        .. Of(parts, ConsumerPart.Kinds.Subscription, application).Select(part => new Subscription
        {
            Id = part.Id,
            Plan = part.PlanId!,
            State = Read<SubscriptionState>(part.State),
            ExpiresAt = part.ExpiresAt,
            Policies = ReadLimits(part.Json),
        }),
    ];

    private static string[] IdentitiesOf(IReadOnlyCollection<ConsumerPart> parts, string application) =>
        [.. Of(parts, ConsumerPart.Kinds.Identity, application).Select(static part => part.Id)];

    private static IEnumerable<ConsumerPart> Of(IReadOnlyCollection<ConsumerPart> parts, int kind, string? application = null) =>
        parts.Where(part => part.Kind == kind && (application is null || part.ApplicationId == application)).OrderBy(static part => part.Ordinal);

    private static string? Write(IReadOnlyList<string>? texts) => texts is null ? null : JsonSerializer.Serialize(texts, RowJson.Default.IReadOnlyListString);

    private string? Write(IReadOnlyList<IPlanLimit> limits) => limits.Count == 0 ? null : writer.Write(limits);

    // A column without a list means something: that of somebody else holds. A list that says nothing must not mean it as well.
    private static IReadOnlyList<string>? ReadList(string? json) => json is null ? null
        : JsonSerializer.Deserialize(json, RowJson.Default.IReadOnlyListString) is { } list && !list.Contains(null!) ? list
        : throw new JsonException("A list is null, or has null in it.");

    private IReadOnlyList<IPlanLimit> ReadLimits(string? json) => json is null ? []
        : reader.ReadLimits(json) is { Count: > 0 } limits ? limits
        : throw new JsonException("There are limits without one.");

    // By name: a number that nobody has given a meaning would be some state, too.
    private static T Read<T>(string? name)
        where T : struct, Enum =>
        Enum.GetNames<T>().Contains(name, StringComparer.Ordinal) ? Enum.Parse<T>(name!) : throw new ArgumentException($"There is no {typeof(T).Name} '{name}'.");

    private static DateTimeOffset? Round(DateTimeOffset? time) => time is { } known ? new(known.UtcTicks - (known.UtcTicks % TicksKept), TimeSpan.Zero) : null;
}
