using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using GatewayKit.Configuration;
using GatewayKit.Identity.ApiKeys;
using GatewayKit.Identity.Consumers;
using GatewayKit.Pipeline;

namespace GatewayKit.Admin;

/// <summary>The documents of the admin API. They are pieces of a configuration, so that there is one form to know, and with an id beside what stands under it there.</summary>
internal sealed class AdminDocuments(GatewayConfigurationWriter writer, GatewayConfigurationReader reader)
{
    public const string Id = "Id";
    private const string Placeholder = "new";

    /// <summary>Reads a consumer.</summary>
    /// <param name="document">What the request says.</param>
    /// <param name="id">Its id, if the path says it.</param>
    public (Consumer? Consumer, AdminProblem? Problem) ReadConsumer(JsonObject document, string? id)
    {
        var errors = new List<ConfigurationError>();
        var named = AdminRequest.Take(document, Id, errors);
        if (named is null && id is null && errors.Count == 0)
        {
            errors.Add(new(Id, "Id is missing and has no default. Add the key."));
        }
        else if (named is not null && id is not null && !string.Equals(named, id, StringComparison.OrdinalIgnoreCase))
        {
            errors.Add(new(Id, "Id is another one than that of the path. An id cannot be changed."));
        }

        return Read(id ?? named ?? Placeholder, document, static consumer => consumer, prefix: string.Empty, errors);
    }

    /// <summary>Reads what is kept of a new key, apart from the key itself.</summary>
    public (ConsumerKey? Key, AdminProblem? Problem) ReadKey(JsonObject document, ApiKey key, List<ConfigurationError> errors)
    {
        foreach (var own in (ReadOnlySpan<string>)[nameof(ConsumerKey.Hash), nameof(ConsumerKey.IsRevoked)])
        {
            if (document.Remove(own))
            {
                errors.Add(new(own, $"{own} is not said of a key that is to be made. Remove it."));
            }
        }

        document[nameof(ConsumerKey.Hash)] = key.Hash;
        return Read(Placeholder, Under(nameof(Consumer.Keys), key.Id, document), static consumer => consumer.Keys[0], $"{nameof(Consumer.Keys)}:{key.Id}:", errors);
    }

    /// <summary>Reads a subscription.</summary>
    public (Subscription? Subscription, AdminProblem? Problem) ReadSubscription(JsonObject document, string product) =>
        Read(Placeholder, Under(nameof(Consumer.Subscriptions), product, document), static consumer => consumer.Subscriptions[0], $"{nameof(Consumer.Subscriptions)}:{product}:", []);

    public string Write(Consumer consumer)
    {
        var content = writer.Write(consumer);
        return $"{{\"{Id}\":{Text(consumer.Id)}{(content.Length > 2 ? "," : string.Empty)}{content.AsSpan(1)}";
    }

    public string Write(IReadOnlyList<StoredConsumer> page, string? next) =>
        $"{{\"{nameof(RouteSet.Consumers)}\":[{string.Join(',', page.Select(one => Write(one.Consumer)))}]{(next is null ? string.Empty : $",\"Next\":{Text(next)}")}}}";

    public string Write(IReadOnlyList<Plan> plans) => writer.Write(new RouteSet { Plans = plans });

    public string Write(IReadOnlyList<Product> products) => writer.Write(new RouteSet { Products = products });

    /// <summary>A key that was made, with its secret: the only answer that has one.</summary>
    public static string Write(ApiKey key, string? application, DateTimeOffset? expiresAt)
    {
        var document = new JsonObject { [Id] = key.Id, ["Key"] = key.Reveal() };
        if (application is not null)
        {
            document["Application"] = application;
        }

        if (expiresAt is { } end)
        {
            document[nameof(ConsumerKey.ExpiresAt)] = end.ToString("O", System.Globalization.CultureInfo.InvariantCulture);
        }

        return document.ToJsonString();
    }

    public string Write(Consumer consumer, string? newKey) =>
        $"{{\"Consumer\":{Write(consumer)}{(newKey is null ? string.Empty : $",\"NewKey\":{newKey}")}}}";

    private (T? Value, AdminProblem? Problem) Read<T>(string id, JsonObject document, Func<Consumer, T> select, string prefix, List<ConfigurationError> errors)
        where T : class
    {
        try
        {
            var consumer = reader.ReadConsumer(id, document.ToJsonString());
            if (errors.Count == 0)
            {
                return (select(consumer), null);
            }
        }
        catch (GatewayConfigurationException exception)
        {
            errors.AddRange(exception.Errors.Select(error => error with { Path = error.Path.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) ? error.Path[prefix.Length..] : error.Path }));
        }

        return (null, AdminProblem.Invalid(errors.ToArray()));
    }

    private static JsonObject Under(string kind, string id, JsonObject document) => new() { [kind] = new JsonObject { [id] = document } };

    private static string Text(string text) => $"\"{JsonEncodedText.Encode(text)}\"";
}
