using GatewayKit.Identity.Consumers;
using GatewayKit.Identity.RequestSignatures;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Configuration;

/// <summary>Checks plans, products and consumers: that each is what it says, and that what they name is there.</summary>
internal sealed class CatalogChecks(AnnotationChecks annotations, PolicyChecks policies, PriorityOrder priorities, VerificationKeys signingKeys, TimeProvider time)
{
    private const int MaxIdLength = 64;
    private const int MaxLiveKeys = 2;
    private const int HashLength = 43;

    /// <param name="sets">What the sources say.</param>
    /// <param name="report">Takes the errors.</param>
    public void Check(IReadOnlyList<SourcedSet> sets, Report report)
    {
        if (sets.All(static set => set.Set is { Plans.Count: 0, Products.Count: 0, Consumers.Count: 0 }))
        {
            return;
        }

        var isComplete = sets.All(static set => set.IsComplete);
        var plans = NoteAll(sets, nameof(RouteSet.Plans), "plan", static set => set.Plans.Select(static plan => plan.Id), report);
        var products = NoteAll(sets, nameof(RouteSet.Products), "product", static set => set.Products.Select(static product => product.Id), report);
        NoteAll(sets, nameof(RouteSet.Consumers), "consumer", static set => set.Consumers.Select(static consumer => consumer.Id), report);
        var names = new Names(isComplete ? plans : null, isComplete ? products : null, PlansByProduct(sets.SelectMany(static set => set.Set.Products)));
        var credentials = new Dictionary<(CredentialKind, string), string>();
        foreach (var (source, set, _, _) in sets)
        {
            foreach (var plan in set.Plans)
            {
                CheckPlan(plan, ModelPath.Join(source, [nameof(RouteSet.Plans), plan.Id ?? string.Empty]), report);
            }

            foreach (var product in set.Products)
            {
                CheckProduct(product, ModelPath.Join(source, [nameof(RouteSet.Products), product.Id ?? string.Empty]), names, report);
            }

            foreach (var consumer in set.Consumers)
            {
                CheckConsumer(consumer, ModelPath.Join(source, [nameof(RouteSet.Consumers), consumer.Id ?? string.Empty]), names, credentials, report);
            }
        }
    }

    /// <summary>What is wrong with a consumer that is no part of the configuration, such as one that an administrator adds.</summary>
    public IReadOnlyList<ConfigurationError> Check(Consumer consumer, ConsumerCatalog catalog)
    {
        var errors = new List<ConfigurationError>();
        var names = new Names(
            Known(catalog.Plans.Select(static plan => plan.Id)), Known(catalog.Products.Select(static product => product.Id)), PlansByProduct(catalog.Products));
        CheckConsumer(consumer, string.Empty, names, [], (path, message) => errors.Add(new(path, message)));
        if (consumer.Id is { } id && catalog.HasConsumer(id))
        {
            errors.Add(new(nameof(consumer.Id), $"The configuration has a consumer '{id}'. Choose another id."));
        }

        foreach (var (kind, credential) in CredentialsOf(consumer).Where(credential => catalog.Find(credential.Kind, credential.Id) is not null))
        {
            errors.Add(new(kind switch { CredentialKind.ApiKey => nameof(consumer.Keys), CredentialKind.SigningKey => nameof(consumer.SigningKeys), _ => nameof(consumer.Identities) }, $"'{credential}' belongs to a consumer of the configuration."));
        }

        return errors;

        static HashSet<string> Known(IEnumerable<string> ids) => ids.ToHashSet(StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>
    /// Checks that the routes of products are there, and that they ask who calls: one that is misspelled, and one that asks nobody, would be open to all.
    /// </summary>
    public static IEnumerable<ConfigurationError> CheckRoutes(IReadOnlyList<SourcedSet> sets, IEnumerable<Endpoint> endpoints, Func<Endpoint, string?> nameOf)
    {
        if (sets.All(static sourced => sourced.Set.Products.Count == 0))
        {
            yield break;
        }

        var byName = endpoints.ToLookup(nameOf, StringComparer.OrdinalIgnoreCase);
        string[] names = [.. byName.Select(static group => group.Key).OfType<string>()];
        foreach (var (source, product, route) in sets.SelectMany(static sourced => sourced.Set.Products.SelectMany(product => product.Routes.Select(route => (sourced.Source, product, route)))))
        {
            var path = ModelPath.Join(source, [nameof(RouteSet.Products), product.Id, nameof(Product.Routes)]);
            if (!byName.Contains(route))
            {
                yield return new(path, $"There is no route or named endpoint '{route}'. {(NearestName.Of(route, names) is { } nearest ? $"Did you mean '{nearest}'?" : "Remove it, or name one that is there.")}");
            }
            else if (byName[route].Any(static endpoint => !AsksWho(endpoint)))
            {
                yield return new(path, $"'{route}' is for subscribers, but does not ask every caller who it is. Give it ApiKey, Identity or another policy that does, in force for all; while that is only tried, the route can be in no product.");
            }
        }
    }

    private void CheckPlan(Plan plan, string path, Report report)
    {
        CheckId(plan.Id, "plan", path, report);
        if (plan.Priority is { } priority && priorities.FaultOf(priority) is { } fault)
        {
            report(ModelPath.Join(path, nameof(plan.Priority)), fault);
        }

        CheckLimits(plan.Policies, path, report);
    }

    private void CheckProduct(Product product, string path, Names names, Report report)
    {
        CheckId(product.Id, "product", path, report);
        if (product.Routes.Count == 0)
        {
            report(ModelPath.Join(path, nameof(product.Routes)), "The product has no routes, so that there is nothing to subscribe to. Name one.");
        }

        foreach (var plan in product.Plans)
        {
            CheckName(plan, "plan", names.Plans, ModelPath.Join(path, nameof(product.Plans)), report);
        }

        CheckLimits(product.Policies, path, report);
    }

    private void CheckConsumer(Consumer consumer, string path, Names names, Dictionary<(CredentialKind Kind, string Id), string> credentials, Report report)
    {
        CheckId(consumer.Id, "consumer", path, report);
        annotations.Check(consumer, path, report);
        CheckHolder(consumer, path, names, credentials, report);
        CheckTwice(consumer.Applications.Select(static application => application.Id), "application", ModelPath.Join(path, nameof(consumer.Applications)), report);
        foreach (var application in consumer.Applications)
        {
            var place = ModelPath.Join(path, [nameof(consumer.Applications), application.Id ?? string.Empty]);
            CheckId(application.Id, "application", place, report);
            CheckHolder(application, place, names, credentials, report);
        }
    }

    private void CheckHolder(ICredentialHolder holder, string path, Names names, Dictionary<(CredentialKind Kind, string Id), string> credentials, Report report)
    {
        if (holder.Plan is { } plan)
        {
            CheckName(plan, "plan", names.Plans, ModelPath.Join(path, nameof(holder.Plan)), report);
        }

        foreach (var key in holder.Keys)
        {
            var place = ModelPath.Join(path, [nameof(holder.Keys), key.Id ?? string.Empty]);
            CheckKey(key, place, report);
            NoteCredential(CredentialKind.ApiKey, key.Id, place);
        }

        var now = time.GetUtcNow();
        if (holder.Keys.Count(key => !key.IsRevoked && !(key.ExpiresAt <= now)) > MaxLiveKeys)
        {
            report(ModelPath.Join(path, nameof(holder.Keys)), $"There are more than {MaxLiveKeys} live keys. Two are enough for one to follow the other: revoke or remove the others.");
        }

        foreach (var key in holder.SigningKeys)
        {
            var place = ModelPath.Join(path, [nameof(holder.SigningKeys), key.Id ?? string.Empty]);
            if (signingKeys.FaultOf(key) is { } fault)
            {
                report(place, fault);
            }

            NoteCredential(CredentialKind.SigningKey, key.Id, place);
        }

        foreach (var identity in holder.Identities)
        {
            NoteCredential(CredentialKind.Identity, identity, ModelPath.Join(path, nameof(holder.Identities)));
        }

        CheckTwice(holder.Subscriptions.Select(static subscription => subscription.Id), "subscription", ModelPath.Join(path, nameof(holder.Subscriptions)), report);
        foreach (var subscription in holder.Subscriptions)
        {
            var place = ModelPath.Join(path, [nameof(holder.Subscriptions), subscription.Id ?? string.Empty]);
            CheckName(subscription.Id, "product", names.Products, place, report);
            if (CheckName(subscription.Plan, "plan", names.Plans, ModelPath.Join(place, nameof(subscription.Plan)), report)
                && names.PlansOf(subscription.Id) is { Count: > 0 } offered && !offered.Contains(subscription.Plan, StringComparer.OrdinalIgnoreCase))
            {
                report(ModelPath.Join(place, nameof(subscription.Plan)), $"The product '{subscription.Id}' has the plans {string.Join(", ", offered)}, and not '{subscription.Plan}'. Choose one of them, or add it there.");
            }

            CheckLimits(subscription.Policies, place, report);
        }

        void NoteCredential(CredentialKind kind, string? id, string place)
        {
            if (string.IsNullOrWhiteSpace(id))
            {
                report(place, "It is empty. Say what the credential is called, or remove it.");
            }
            else if (!credentials.TryAdd((kind, id), place))
            {
                report(place, $"'{id}' belongs to somebody else: {credentials[(kind, id)]}. A credential says who calls, so that it can be there once.");
            }
        }
    }

    private void CheckKey(ConsumerKey key, string path, Report report)
    {
        if (key.Hash is not { Length: HashLength } hash || !hash.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
        {
            // Whatever it is, it may be a secret.
            report(ModelPath.Join(path, nameof(key.Hash)), "It is not the hash of a key: 43 characters of base64url. Make a key with --new-key and copy the hash that it prints; the key itself does not belong here.");
        }

        CheckLimits(key.Policies, path, report);
    }

    private void CheckLimits(IReadOnlyList<IPlanLimit> limits, string path, Report report)
    {
        policies.Check(limits, path, clusters: null, report);
        foreach (var limit in limits)
        {
            var place = ModelPath.Join(path, policies.NameOf(limit));
            if (limit.FaultInPlan is { } fault)
            {
                report(place, fault);
            }

            if (limit is { Mode: PolicyMode.Shadow } or { EnforcePercent: < 100 } or { Candidate: not null })
            {
                report(place, "Limits of plans have no mode of their own. To try them, write \"Plan\": { \"Mode\": \"Shadow\" } at the route.");
            }
        }
    }

    private static bool AsksWho(Endpoint endpoint) =>
        endpoint.Metadata.GetMetadata<GatewayPipeline>() is { AsksEveryCaller: true };

    private static Dictionary<string, IReadOnlyList<string>> PlansByProduct(IEnumerable<Product> products) => products
        .Where(static product => product.Id is not null).DistinctBy(static product => product.Id, StringComparer.OrdinalIgnoreCase)
        .ToDictionary(static product => product.Id, static product => product.Plans, StringComparer.OrdinalIgnoreCase);

    private static IEnumerable<(CredentialKind Kind, string Id)> CredentialsOf(Consumer consumer) => ConsumerCatalog.HoldersOf(consumer).SelectMany(static holder =>
        holder.Keys.Select(static key => (CredentialKind.ApiKey, key.Id))
            .Concat(holder.SigningKeys.Select(static key => (CredentialKind.SigningKey, key.Id)))
            .Concat(holder.Identities.Select(static identity => (CredentialKind.Identity, identity))));

    private static HashSet<string> NoteAll(IReadOnlyList<SourcedSet> sets, string key, string kind, Func<RouteSet, IEnumerable<string?>> read, Report report)
    {
        var known = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (source, set, _, _) in sets)
        {
            foreach (var id in read(set).OfType<string>())
            {
                if (!known.TryAdd(id, source))
                {
                    report(ModelPath.Join(source, [key, id]), known[id] == source
                        ? $"The {kind} '{id}' is there twice; ids differ by more than case. Rename one of them."
                        : $"The {kind} '{id}' comes from two sources: '{known[id]}' and '{source}'. Remove it from one, or rename it.");
                }
            }
        }

        return known.Keys.ToHashSet(StringComparer.OrdinalIgnoreCase);
    }

    private static void CheckTwice(IEnumerable<string?> ids, string kind, string path, Report report)
    {
        foreach (var twice in ids.OfType<string>().GroupBy(static id => id, StringComparer.OrdinalIgnoreCase).Where(static group => group.Skip(1).Any()))
        {
            report(path, $"The {kind} '{twice.Key}' is there twice; ids differ by more than case. Remove one.");
        }
    }

    private static void CheckId(string? id, string kind, string path, Report report)
    {
        Ids.Check(id, kind, path, report);
        if (id is { Length: > MaxIdLength })
        {
            report(path, $"The id of the {kind} has {id.Length} characters; {MaxIdLength} are allowed.");
        }
    }

    // Whether it may be there.
    private static bool CheckName(string? id, string kind, IReadOnlySet<string>? known, string path, Report report)
    {
        if (known is not null && (id is null || !known.Contains(id)))
        {
            report(path, $"There is no {kind} '{id}'. {(id is not null && NearestName.Of(id, known) is { } nearest ? $"Did you mean '{nearest}'?" : $"Add it under {(kind is "plan" ? nameof(RouteSet.Plans) : nameof(RouteSet.Products))}, or name one that is there.")}");
            return false;
        }

        return true;
    }

    private sealed record Names(IReadOnlySet<string>? Plans, IReadOnlySet<string>? Products, IReadOnlyDictionary<string, IReadOnlyList<string>> PlansByProduct)
    {
        public IReadOnlyList<string>? PlansOf(string? product) => product is null ? null : PlansByProduct.GetValueOrDefault(product);
    }
}
