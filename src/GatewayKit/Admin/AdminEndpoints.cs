using GatewayKit.Configuration;
using GatewayKit.Diagnostics;
using GatewayKit.Identity.ApiKeys;
using GatewayKit.Identity.Consumers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GatewayKit.Admin;

/// <summary>The endpoints of the admin API.</summary>
internal sealed partial class AdminEndpoints(
    ConsumerAdministration administration, ConsumerRules rules, AdminDocuments documents, IOptions<ApiKeyOptions> keyOptions, ILogger<AdminEndpoints> logger)
{
    private const int DefaultPage = 100;
    private const int MaxPage = 1_000;

    public void Map(IEndpointRouteBuilder group)
    {
        Map(group, HttpMethods.Get, "/consumers", ListAsync, context => ListAsync(context, Query(context, "after"), Query(context, "count")));
        Map(group, HttpMethods.Post, "/consumers", OnboardAsync, context => OnboardAsync(context, Query(context, "newKey")), StatusCodes.Status201Created);
        Map(group, HttpMethods.Get, "/consumers/{id}", GetAsync, context => GetAsync(context, Route(context, "id")));
        Map(group, HttpMethods.Put, "/consumers/{id}", ReplaceAsync, context => ReplaceAsync(context, Route(context, "id")));
        Map(group, HttpMethods.Delete, "/consumers/{id}", DeleteAsync, context => DeleteAsync(context, Route(context, "id")), StatusCodes.Status204NoContent);
        Map(group, HttpMethods.Post, "/consumers/{id}/suspend", SuspendAsync, context => SuspendAsync(context, Route(context, "id")));
        Map(group, HttpMethods.Post, "/consumers/{id}/activate", ActivateAsync, context => ActivateAsync(context, Route(context, "id")));
        Map(group, HttpMethods.Post, "/consumers/{id}/keys", CreateKeyAsync, context => CreateKeyAsync(context, Route(context, "id")), StatusCodes.Status201Created);
        Map(group, HttpMethods.Post, "/consumers/{id}/keys/{key}/revoke", RevokeKeyAsync, context => RevokeKeyAsync(context, Route(context, "id"), Route(context, "key")));
        Map(group, HttpMethods.Delete, "/consumers/{id}/keys/{key}", DeleteKeyAsync, context => DeleteKeyAsync(context, Route(context, "id"), Route(context, "key")));
        Map(
            group, HttpMethods.Put, "/consumers/{id}/subscriptions/{product}", SubscribeAsync,
            context => SubscribeAsync(context, Route(context, "id"), Route(context, "product"), Query(context, "application")));
        Map(
            group, HttpMethods.Delete, "/consumers/{id}/subscriptions/{product}", UnsubscribeAsync,
            context => UnsubscribeAsync(context, Route(context, "id"), Route(context, "product"), Query(context, "application")));
        Map(group, HttpMethods.Get, "/plans", ListPlans, _ => new(ListPlans()));
        Map(group, HttpMethods.Get, "/products", ListProducts, _ => new(ListProducts()));
    }

    private async ValueTask<IResult> ListAsync(HttpContext context, string? after, string? count)
    {
        if (administration.Repository is not { } store)
        {
            return AdminProblem.NoStore;
        }

        var size = DefaultPage;
        if (count is not null && (!int.TryParse(count, System.Globalization.CultureInfo.InvariantCulture, out size) || size is < 1 or > MaxPage))
        {
            return AdminProblem.Invalid("count", $"count must be a number from 1 to {MaxPage}.");
        }

        var page = await store.ListAsync(after, size, context.RequestAborted).ConfigureAwait(false);
        return Json(documents.Write(page, page.Count == size ? page[^1].Consumer.Id : null));
    }

    [AdminDocument]
    private async ValueTask<IResult> OnboardAsync(HttpContext context, string? newKey)
    {
        if (newKey is not (null or "true" or "false"))
        {
            return AdminProblem.Invalid("newKey", "newKey must be true or false.");
        }

        var (document, problem) = await AdminRequest.ReadAsync(context.Request).ConfigureAwait(false);
        if (document is null)
        {
            return problem!;
        }

        var (consumer, invalid) = documents.ReadConsumer(document, id: null);
        if (consumer is null)
        {
            return invalid!;
        }

        // Who brings credentials along needs no other.
        var makes = newKey is "true" || (newKey is null && !ConsumerEdits.HasCredentials(consumer));
        var application = makes && consumer.Applications is [var first, ..] ? first.Id : null;
        var key = makes ? ApiKey.Create(keyOptions.Value.Prefix) : null;
        var whole = key is null ? consumer : ConsumerEdits.WithKey(consumer, application, key.ToStored()).After!;
        var write = await administration.CreateAsync(whole, AdminRequest.CallOf(context)).ConfigureAwait(false);
        if (write.Stored is not { } stored)
        {
            return write.Problem!;
        }

        context.Response.Headers.Location = $"{context.Request.PathBase}{context.Request.Path}".TrimEnd('/') + "/" + Uri.EscapeDataString(stored.Consumer.Id);
        return Versioned(context, stored, documents.Write(stored.Consumer, key is null ? null : AdminDocuments.Write(key, application, expiresAt: null)), StatusCodes.Status201Created);
    }

    private async ValueTask<IResult> GetAsync(HttpContext context, string id) =>
        administration.Repository is not { } store ? AdminProblem.NoStore
        : await store.GetAsync(id, context.RequestAborted).ConfigureAwait(false) is not { } stored ? AdminProblem.NoSuch("consumer")
        : Versioned(context, stored, documents.Write(stored.Consumer));

    [AdminDocument]
    private async ValueTask<IResult> ReplaceAsync(HttpContext context, string id)
    {
        if (context.Request.Headers.IfMatch.Count == 0)
        {
            return AdminProblem.NoVersion;
        }

        var (document, problem) = await AdminRequest.ReadAsync(context.Request).ConfigureAwait(false);
        if (document is null)
        {
            return problem!;
        }

        var (consumer, errors) = documents.ReadConsumer(document, id);
        return consumer is null ? errors! : await ChangeAsync(context, id, GatewayAdminAction.ConsumerUpdated, null, known => (consumer with { Id = known.Id }, null)).ConfigureAwait(false);
    }

    private async ValueTask<IResult> DeleteAsync(HttpContext context, string id)
    {
        if (!AdminRequest.TryReadVersions(context.Request, out var versions))
        {
            return AdminProblem.Invalid("If-Match", "If-Match is not a list of entity tags.");
        }

        return (await administration.DeleteAsync(id, versions, AdminRequest.CallOf(context)).ConfigureAwait(false)).Problem as IResult ?? TypedResults.NoContent();
    }

    private ValueTask<IResult> SuspendAsync(HttpContext context, string id) =>
        ChangeAsync(context, id, GatewayAdminAction.ConsumerSuspended, null, static known => (known with { State = ConsumerState.Suspended }, null));

    private ValueTask<IResult> ActivateAsync(HttpContext context, string id) =>
        ChangeAsync(context, id, GatewayAdminAction.ConsumerActivated, null, static known => (known with { State = ConsumerState.Active }, null));

    [AdminDocument]
    private async ValueTask<IResult> CreateKeyAsync(HttpContext context, string id)
    {
        var (document, problem) = await AdminRequest.ReadAsync(context.Request, isNeeded: false).ConfigureAwait(false);
        if (document is null)
        {
            return problem!;
        }

        var errors = new List<ConfigurationError>();
        var application = AdminRequest.Take(document, "Application", errors);
        var key = ApiKey.Create(keyOptions.Value.Prefix);
        var (kept, invalid) = documents.ReadKey(document, key, errors);
        if (kept is null)
        {
            return invalid!;
        }

        var result = await ChangeAsync(context, id, GatewayAdminAction.KeyCreated, key.Id, known => ConsumerEdits.WithKey(known, application, kept)).ConfigureAwait(false);
        return result is AdminProblem ? result : Json(AdminDocuments.Write(key, application, kept.ExpiresAt), StatusCodes.Status201Created);
    }

    private ValueTask<IResult> RevokeKeyAsync(HttpContext context, string id, string key) =>
        ChangeAsync(context, id, GatewayAdminAction.KeyRevoked, key, known => ConsumerEdits.OfKey(known, key, static one => one with { IsRevoked = true }));

    private ValueTask<IResult> DeleteKeyAsync(HttpContext context, string id, string key) =>
        ChangeAsync(context, id, GatewayAdminAction.KeyDeleted, key, known => ConsumerEdits.OfKey(known, key, static _ => null));

    [AdminDocument]
    private async ValueTask<IResult> SubscribeAsync(HttpContext context, string id, string product, string? application)
    {
        var (document, problem) = await AdminRequest.ReadAsync(context.Request).ConfigureAwait(false);
        if (document is null)
        {
            return problem!;
        }

        var (subscription, invalid) = documents.ReadSubscription(document, product);
        return subscription is null ? invalid! : await ChangeAsync(
            context, id, GatewayAdminAction.SubscriptionChanged, product,
            known => ConsumerEdits.OfHolder(known, application, subscriptions: all => [.. all.Where(one => !ConsumerEdits.Same(one.Id, product)), subscription])).ConfigureAwait(false);
    }

    private ValueTask<IResult> UnsubscribeAsync(HttpContext context, string id, string product, string? application) =>
        ChangeAsync(context, id, GatewayAdminAction.SubscriptionDeleted, product, known =>
        {
            var found = false;
            var edited = ConsumerEdits.OfHolder(known, application, subscriptions: all =>
            {
                found = all.Any(one => ConsumerEdits.Same(one.Id, product));
                return [.. all.Where(one => !ConsumerEdits.Same(one.Id, product))];
            });
            return found || edited.Problem is not null ? edited : (null, AdminProblem.NoSuch("subscription"));
        });

    private async ValueTask<IResult> ChangeAsync(
        HttpContext context, string id, GatewayAdminAction action, string? subject, Func<Consumer, (Consumer? After, AdminProblem? Problem)> edit)
    {
        if (!AdminRequest.TryReadVersions(context.Request, out var versions))
        {
            return AdminProblem.Invalid("If-Match", "If-Match is not a list of entity tags.");
        }

        var write = await administration.ChangeAsync(id, versions, action, subject, edit, AdminRequest.CallOf(context)).ConfigureAwait(false);
        return write.Stored is { } stored ? Versioned(context, stored, documents.Write(stored.Consumer)) : write.Problem!;
    }

    private ContentHttpResult ListPlans() => Json(documents.Write(rules.Catalog.Plans));

    private ContentHttpResult ListProducts() => Json(documents.Write(rules.Catalog.Products));

    // The method is what descriptions of the API read: parameters, their names and places.
    private void Map(IEndpointRouteBuilder group, string method, string pattern, Delegate described, Func<HttpContext, ValueTask<IResult>> handle, int status = StatusCodes.Status200OK) =>
        group.MapMethods(pattern, [method], context => RunAsync(context, handle)).WithMetadata([AdminMetadata.Instance, .. AdminDescription.Of(described.Method, status)]);

    private async Task RunAsync(HttpContext context, Func<HttpContext, ValueTask<IResult>> handle)
    {
        context.Response.Headers.CacheControl = "no-store";
        IResult result;
        try
        {
            result = AdminRequest.IsDeliberate(context.Request) ? await handle(context).ConfigureAwait(false) : AdminProblem.NotFromHere;
        }
        catch (Exception exception) when (!context.RequestAborted.IsCancellationRequested)
        {
            Log.Failed(logger, LogText.Of(exception));
            result = AdminProblem.StoreFailed;
        }

        await result.ExecuteAsync(context).ConfigureAwait(false);
    }

    private static ContentHttpResult Versioned(HttpContext context, StoredConsumer stored, string json, int status = StatusCodes.Status200OK)
    {
        context.Response.Headers.ETag = $"\"{stored.Version}\"";
        return Json(json, status);
    }

    private static ContentHttpResult Json(string json, int status = StatusCodes.Status200OK) => TypedResults.Text(json, "application/json", statusCode: status);

    private static string? Query(HttpContext context, string name) => context.Request.Query[name] is [{ Length: > 0 } value, ..] ? value : null;

    private static string Route(HttpContext context, string name) => (string)context.Request.RouteValues[name]!;

    private static partial class Log
    {
        [LoggerMessage(EventIds.AdminFailed, LogLevel.Error, "A request of an administrator failed. {Cause}")]
        public static partial void Failed(ILogger logger, string cause);
    }
}
