using GatewayKit.Configuration;
using GatewayKit.EntityFrameworkCore.Rows;
using GatewayKit.Identity.Consumers;

namespace GatewayKit.EntityFrameworkCore;

/// <summary>What keeps a consumer from being written, before a database says it in its own words: what could not be found again, and what some databases keep and others do not.</summary>
internal sealed class StorableConsumer
{
    private readonly List<ConfigurationError> _errors = [];
    private readonly HashSet<(CredentialKind, string)> _credentials = [];

    private StorableConsumer()
    {
    }

    /// <exception cref="ArgumentException">The store cannot keep it. A <see cref="GatewayConfigurationException"/> inside has the path of each error.</exception>
    public static void Check(Consumer consumer)
    {
        var check = new StorableConsumer();
        check.Look(consumer);
        if (check._errors.Count > 0)
        {
            throw new ArgumentException(
                $"The store cannot keep this consumer. {string.Join(' ', check._errors.Select(static error => $"{error.Path}: {error.Message}"))}", new GatewayConfigurationException(check._errors));
        }
    }

    private void Look(Consumer consumer)
    {
        Need(nameof(consumer.Id), consumer.Id);
        Look(nameof(consumer.DisplayName), consumer.DisplayName);
        Look(string.Empty, consumer.Plan, consumer.Keys, consumer.SigningKeys, consumer.Identities, consumer.Subscriptions);
        Differ(nameof(consumer.Applications), consumer.Applications.Select(static application => application.Id));
        foreach (var application in consumer.Applications)
        {
            var place = $"{nameof(consumer.Applications)}:{application.Id}";
            Need(place, application.Id);
            Look($"{place}:", application.Plan, application.Keys, application.SigningKeys, application.Identities, application.Subscriptions);
        }
    }

    private void Look(
        string prefix, string? plan, IReadOnlyList<ConsumerKey> keys, IReadOnlyList<ConsumerSigningKey> signingKeys, IReadOnlyList<string> identities, IReadOnlyList<Subscription> subscriptions)
    {
        Look($"{prefix}{nameof(Consumer.Plan)}", plan);
        foreach (var key in keys)
        {
            var place = $"{prefix}{nameof(Consumer.Keys)}:{key.Id}";
            Credential(CredentialKind.ApiKey, place, key.Id);
            Need($"{place}:{nameof(key.Hash)}", key.Hash);
        }

        foreach (var key in signingKeys)
        {
            var place = $"{prefix}{nameof(Consumer.SigningKeys)}:{key.Id}";
            Credential(CredentialKind.SigningKey, place, key.Id);
            Look($"{place}:{nameof(key.Secret)}", key.Secret?.ToString());
            if (key.PublicKey?.Contains("PRIVATE KEY", StringComparison.Ordinal) is true)
            {
                Add($"{place}:{nameof(key.PublicKey)}", "It is a private key, and whoever reads the database could sign as the consumer. Write the public one.");
            }
            else if (key.PublicKey is { } text && !StoredText.HasOnlyWhatIsKept(text))
            {
                Add($"{place}:{nameof(key.PublicKey)}", "It has a character that databases do not keep.");
            }
        }

        foreach (var identity in identities)
        {
            Credential(CredentialKind.Identity, $"{prefix}{nameof(Consumer.Identities)}", identity);
        }

        Differ($"{prefix}{nameof(Consumer.Subscriptions)}", subscriptions.Select(static subscription => subscription.Id));
        foreach (var subscription in subscriptions)
        {
            var place = $"{prefix}{nameof(Consumer.Subscriptions)}:{subscription.Id}";
            Need(place, subscription.Id);
            Need($"{place}:{nameof(subscription.Plan)}", subscription.Plan);
        }
    }

    private void Credential(CredentialKind kind, string path, string? id)
    {
        Need(path, id);
        if (id is not null && !_credentials.Add((kind, id)))
        {
            Add(path, $"'{id}' is there twice, and says who calls. Remove one.");
        }
    }

    private void Differ(string path, IEnumerable<string?> ids)
    {
        foreach (var twice in ids.OfType<string>().GroupBy(static id => id, StringComparer.OrdinalIgnoreCase).Where(static group => group.Skip(1).Any()))
        {
            Add(path, $"'{twice.Key}' is there twice; ids differ by more than case. Remove one.");
        }
    }

    private void Need(string path, string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            Add(path, "It is empty, and has to be there.");
        }
        else
        {
            Look(path, text);
        }
    }

    private void Look(string path, string? text)
    {
        if (text?.Length > GatewayTables.TextLength)
        {
            Add(path, $"It has {text.Length} characters; this store keeps up to {GatewayTables.TextLength} of an id, a name or an identity.");
        }
        else if (text is not null && !StoredText.HasOnlyWhatIsKept(text))
        {
            Add(path, "It has a character that databases do not keep.");
        }
    }

    // What is wrong may be long, and part of its own path.
    private void Add(string path, string message) => _errors.Add(new(path.Length > GatewayTables.TextLength ? $"{path.AsSpan(0, GatewayTables.TextLength)}…" : path, message));
}
