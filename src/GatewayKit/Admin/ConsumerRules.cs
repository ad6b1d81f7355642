using GatewayKit.Configuration;
using GatewayKit.Identity.Consumers;
using GatewayKit.Pipeline;

namespace GatewayKit.Admin;

/// <summary>What a consumer of the store may be, beside what any consumer may.</summary>
internal sealed class ConsumerRules(CatalogChecks checks, ConsumerDirectory directory, TimeProvider time)
{
    private const int MaxLiveKeys = 2;

    public ConsumerCatalog Catalog => directory.Catalog;

    /// <summary>Why a consumer cannot be written; <see langword="null"/> if it can.</summary>
    /// <param name="after">What would be written.</param>
    /// <param name="before">What is there.</param>
    public AdminProblem? ProblemOf(Consumer after, Consumer? before)
    {
        var catalog = directory.Catalog;

        // A plan that went away since must not keep anybody from withdrawing a key.
        var errors = checks.Check(after, catalog).Except(before is null ? [] : checks.Check(before, catalog)).ToList();
        foreach (var (path, holder) in Holders(after))
        {
            var old = before is null ? null : Holders(before).FirstOrDefault(one => one.Holder.ApplicationId == holder.ApplicationId).Holder;
            CheckSubscriptions(path, holder, old, catalog, errors);
            CheckKeys(path, holder, old, errors);
        }

        return errors.Count > 0 ? AdminProblem.Invalid(errors.Distinct().ToArray()) : null;
    }

    // A plan that takes nobody new keeps those who have it.
    private static void CheckSubscriptions(string path, ICredentialHolder holder, ICredentialHolder? old, ConsumerCatalog catalog, List<ConfigurationError> errors)
    {
        if (holder.Plan is { } own && !Same(own, old?.Plan) && StateOf(own) is { } state and not PlanState.Published)
        {
            errors.Add(new(ModelPath.Join(path, nameof(holder.Plan)), $"The plan '{own}' is {state}, and takes nobody new."));
        }

        foreach (var subscription in holder.Subscriptions)
        {
            if (old?.Subscriptions.Any(one => Same(one.Id, subscription.Id) && Same(one.Plan, subscription.Plan)) is true)
            {
                continue;
            }

            var place = ModelPath.Join(path, nameof(holder.Subscriptions), subscription.Id ?? string.Empty, nameof(subscription.Plan));
            if (StateOf(subscription.Plan) is { } planState and not PlanState.Published)
            {
                errors.Add(new(place, $"The plan '{subscription.Plan}' is {planState}, and takes nobody new."));
            }
        }

        PlanState? StateOf(string? id) => catalog.Plans.FirstOrDefault(plan => Same(plan.Id, id))?.State;
    }

    // Who has more from before may have fewer.
    private void CheckKeys(string path, ICredentialHolder holder, ICredentialHolder? old, List<ConfigurationError> errors)
    {
        var live = Live(holder);
        if (live > MaxLiveKeys && (old is null || live > Live(old)))
        {
            errors.Add(new(ModelPath.Join(path, nameof(holder.Keys)), $"There would be {live} live keys; {MaxLiveKeys} are enough for one to follow the other. Revoke one first."));
        }

        int Live(ICredentialHolder one)
        {
            var now = time.GetUtcNow();
            return one.Keys.Count(key => !key.IsRevoked && !(key.ExpiresAt <= now));
        }
    }

    private static IEnumerable<(string Path, ICredentialHolder Holder)> Holders(Consumer consumer) =>
        consumer.Applications.Select(static application => (ModelPath.Join(nameof(consumer.Applications), application.Id ?? string.Empty), (ICredentialHolder)application)).Prepend((string.Empty, consumer));

    private static bool Same(string? one, string? other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);
}
