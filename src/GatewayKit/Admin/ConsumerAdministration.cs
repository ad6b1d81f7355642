using GatewayKit.Configuration;
using GatewayKit.Diagnostics;
using GatewayKit.Identity.Consumers;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Admin;

/// <summary>Changes consumers of the store, and tells the observers.</summary>
internal sealed partial class ConsumerAdministration(
    IEnumerable<IConsumerStore> stores, ConsumerRules rules, IEnumerable<IGatewayAdminObserver> observers, TimeProvider time, ILogger<ConsumerAdministration> logger)
{
    /// <summary>How often a change without If-Match is made anew on what somebody else has written meanwhile.</summary>
    private const int Tries = 5;
    private static readonly TimeSpan WriteLimit = TimeSpan.FromSeconds(30);

    /// <summary>Where consumers are written; <see langword="null"/> if no store can be.</summary>
    public IConsumerRepository? Repository { get; } = stores.OfType<IConsumerRepository>().FirstOrDefault();

    /// <summary>Adds a consumer.</summary>
    public async ValueTask<AdminWrite> CreateAsync(Consumer consumer, AdminCall call)
    {
        if (rules.ProblemOf(consumer, before: null) is { } problem)
        {
            return new(null, problem);
        }

        return await WriteAsync(
            (store, token) => store.CreateAsync(consumer, token),
            new() { Action = GatewayAdminAction.ConsumerCreated, ConsumerId = consumer.Id, After = consumer, TraceId = call.TraceId, At = default },
            call).ConfigureAwait(false);
    }

    /// <summary>Changes a consumer.</summary>
    /// <param name="id">Which.</param>
    /// <param name="versions">The versions that it may have; <see langword="null"/> for any, so that the change is made on whatever is there.</param>
    /// <param name="action">What is done.</param>
    /// <param name="subject">To which part of it.</param>
    /// <param name="edit">Makes of what is there what is to be, or says why not.</param>
    /// <param name="call">Who asks for it.</param>
    public async ValueTask<AdminWrite> ChangeAsync(
        string id, IReadOnlyList<string>? versions, GatewayAdminAction action, string? subject, Func<Consumer, (Consumer? After, AdminProblem? Problem)> edit, AdminCall call)
    {
        for (var tries = 1; ; tries++)
        {
            var (stored, problem) = await FindAsync(id, versions).ConfigureAwait(false);
            if (stored is null)
            {
                return new(null, problem);
            }

            var (after, refusal) = edit(stored.Consumer);
            if (after is null || (refusal = rules.ProblemOf(after, stored.Consumer)) is not null)
            {
                return new(null, refusal);
            }

            var write = await WriteAsync(
                (store, token) => store.UpdateAsync(after, stored.Version, token),
                new() { Action = action, ConsumerId = stored.Consumer.Id, Subject = subject, Before = stored.Consumer, After = after, TraceId = call.TraceId, At = default },
                call).ConfigureAwait(false);
            if (write.Problem != AdminProblem.Changed || versions is not null || tries == Tries)
            {
                return write;
            }
        }
    }

    /// <summary>Removes a consumer.</summary>
    public async ValueTask<AdminWrite> DeleteAsync(string id, IReadOnlyList<string>? versions, AdminCall call)
    {
        for (var tries = 1; ; tries++)
        {
            var (stored, problem) = await FindAsync(id, versions).ConfigureAwait(false);
            if (stored is null)
            {
                return new(null, problem);
            }

            var write = await WriteAsync(
                (store, token) => store.DeleteAsync(id, stored.Version, token),
                new() { Action = GatewayAdminAction.ConsumerDeleted, ConsumerId = stored.Consumer.Id, Before = stored.Consumer, TraceId = call.TraceId, At = default },
                call).ConfigureAwait(false);
            if (write.Problem != AdminProblem.Changed || versions is not null || tries == Tries)
            {
                return write;
            }
        }
    }

    private async ValueTask<(StoredConsumer? Stored, AdminProblem? Problem)> FindAsync(string id, IReadOnlyList<string>? versions) =>
        Repository is not { } store ? (null, AdminProblem.NoStore)
        : await store.GetAsync(id, CancellationToken.None).ConfigureAwait(false) is not { } stored ? (null, AdminProblem.NoSuch("consumer"))
        : versions?.Contains(stored.Version) is false ? (null, AdminProblem.Changed)
        : (stored, null);

    // An administrator who goes away in the midst of it does not keep the observers from hearing of what was written.
    private async ValueTask<AdminWrite> WriteAsync(Func<IConsumerRepository, CancellationToken, ValueTask<ConsumerWrite>> write, GatewayAdminChange change, AdminCall call)
    {
        if (Repository is not { } store)
        {
            return new(null, AdminProblem.NoStore);
        }

        using var limit = new CancellationTokenSource(WriteLimit, time);
        ConsumerWrite written;
        try
        {
            written = await write(store, limit.Token).ConfigureAwait(false);
        }
        catch (ArgumentException exception)
        {
            return new(null, exception.InnerException is GatewayConfigurationException { Errors: var errors } ? AdminProblem.Invalid(errors) : AdminProblem.Invalid(string.Empty, exception.Message));
        }
        catch (Exception exception)
        {
            Log.Unknown(logger, call.Actor, change.Action, change.ConsumerId, LogText.Of(exception));
            return new(null, AdminProblem.StoreFailed);
        }

        if (ProblemOf(written, change.ConsumerId) is { } problem)
        {
            return new(null, problem);
        }

        Log.Changed(logger, call.Actor, change.Action, change.ConsumerId, change.Subject);
        await TellAsync(change with { Actor = call.Actor, AuthenticationType = call.AuthenticationType, Address = call.Address, At = time.GetUtcNow() }).ConfigureAwait(false);
        return new(change.After is null ? null : new(change.After, written.Version!), null);
    }

    private static AdminProblem? ProblemOf(ConsumerWrite write, string id) => write.Status switch
    {
        ConsumerWriteStatus.Written => null,
        ConsumerWriteStatus.NotFound => AdminProblem.NoSuch("consumer"),
        ConsumerWriteStatus.Changed => AdminProblem.Changed,
        ConsumerWriteStatus.Exists => AdminProblem.Conflict("exists", $"There is a consumer '{id}', perhaps in another case."),
        _ => AdminProblem.Conflict("credential-taken", $"The credential '{write.Credential}' belongs to another consumer."),
    };

    private async ValueTask TellAsync(GatewayAdminChange change)
    {
        using var limit = new CancellationTokenSource(WriteLimit, time);
        foreach (var observer in observers)
        {
            try
            {
                await observer.ChangedAsync(change, limit.Token).ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                Log.ObserverFailed(logger, observer.GetType().Name, change.Action, change.ConsumerId, LogText.Of(exception));
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.AdminChanged, LogLevel.Information, "Administrator {Actor}: {Action}, consumer {Consumer} {Subject}")]
        public static partial void Changed(ILogger logger, string? actor, GatewayAdminAction action, string consumer, string? subject);

        [LoggerMessage(EventIds.AdminOutcomeUnknown, LogLevel.Error, "Administrator {Actor}: {Action}, consumer {Consumer}: the store failed, and may have written it or not. {Cause}")]
        public static partial void Unknown(ILogger logger, string? actor, GatewayAdminAction action, string consumer, string cause);

        [LoggerMessage(EventIds.AdminObserverFailed, LogLevel.Error, "{Observer} failed to take note of {Action}, consumer {Consumer}, which is done. {Cause}")]
        public static partial void ObserverFailed(ILogger logger, string observer, GatewayAdminAction action, string consumer, string cause);
    }
}

/// <summary>What became of a change: the consumer from now on, or why nothing was changed; neither if the consumer is gone.</summary>
internal readonly record struct AdminWrite(StoredConsumer? Stored, AdminProblem? Problem);
