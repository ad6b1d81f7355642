using GatewayKit.Identity.Consumers;

namespace GatewayKit.Admin;

/// <summary>Makes of a consumer what it is to be.</summary>
internal static class ConsumerEdits
{
    /// <summary>Whether anybody can call as the consumer.</summary>
    public static bool HasCredentials(Consumer consumer) =>
        ConsumerCatalog.HoldersOf(consumer).Any(static holder => holder.Keys.Count + holder.Identities.Count + holder.SigningKeys.Count > 0);

    /// <summary>The consumer with one more key.</summary>
    /// <param name="consumer">The consumer.</param>
    /// <param name="application">Which of its applications has the key; <see langword="null"/> for itself.</param>
    /// <param name="key">The key.</param>
    public static (Consumer? After, AdminProblem? Problem) WithKey(Consumer consumer, string? application, ConsumerKey key) =>
        OfHolder(consumer, application, keys: all => [.. all, key]);

    /// <summary>The consumer with keys or subscriptions of one holder changed.</summary>
    public static (Consumer? After, AdminProblem? Problem) OfHolder(
        Consumer consumer,
        string? application,
        Func<IReadOnlyList<ConsumerKey>, IReadOnlyList<ConsumerKey>>? keys = null,
        Func<IReadOnlyList<Subscription>, IReadOnlyList<Subscription>>? subscriptions = null)
    {
        if (application is null)
        {
            return (consumer with
            {
                Keys = keys?.Invoke(consumer.Keys) ?? consumer.Keys,
                Subscriptions = subscriptions?.Invoke(consumer.Subscriptions) ?? consumer.Subscriptions,
            }, null);
        }

        if (!consumer.Applications.Any(one => Same(one.Id, application)))
        {
            return (null, AdminProblem.NoSuch("application"));
        }

        return (consumer with
        {
            Applications = [.. consumer.Applications.Select(one => !Same(one.Id, application) ? one : one with
            {
                Keys = keys?.Invoke(one.Keys) ?? one.Keys,
                Subscriptions = subscriptions?.Invoke(one.Subscriptions) ?? one.Subscriptions,
            })],
        }, null);
    }

    /// <summary>The consumer with one key changed, whichever holder has it.</summary>
    /// <param name="consumer">The consumer.</param>
    /// <param name="key">The id of the key.</param>
    /// <param name="edit">What the key is to be; <see langword="null"/> if it goes.</param>
    public static (Consumer? After, AdminProblem? Problem) OfKey(Consumer consumer, string key, Func<ConsumerKey, ConsumerKey?> edit) =>
        ConsumerCatalog.HoldersOf(consumer).Any(holder => holder.Keys.Any(one => one.Id == key))
            ? (consumer with { Keys = Edit(consumer.Keys, key, edit), Applications = [.. consumer.Applications.Select(one => one with { Keys = Edit(one.Keys, key, edit) })] }, null)
            : (null, AdminProblem.NoSuch("key"));

    public static bool Same(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);

    private static ConsumerKey[] Edit(IReadOnlyList<ConsumerKey> keys, string key, Func<ConsumerKey, ConsumerKey?> edit) =>
        [.. keys.Select(one => one.Id == key ? edit(one) : one).OfType<ConsumerKey>()];
}
