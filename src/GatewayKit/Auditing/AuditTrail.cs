using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using GatewayKit.Auditing.Journal;
using GatewayKit.Auditing.Personal;
using GatewayKit.Auditing.Records;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.ObjectPool;

namespace GatewayKit.Auditing;

/// <summary>The records of the requests that this host serves, and the journal that they go into. Safe for concurrent use.</summary>
/// <param name="options">Which requests are recorded.</param>
/// <param name="time">The clocks.</param>
/// <param name="revision">The revision of the configuration in force.</param>
internal sealed class AuditTrail(JournalOptions options, TimeProvider time, Func<long> revision) : IAsyncDisposable, IDisposable
{
    private const int MostPooled = 4_096;

    // Callbacks without state of their own: a request allocates none.
    private static readonly Func<object, Task> Starting = static state => ((AuditedRequest)state).Trail.StartAsync((AuditedRequest)state);
    private static readonly Func<object, Task> Completed = static state => ((AuditedRequest)state).Trail.Complete((AuditedRequest)state);

    private static readonly ConditionalWeakTable<GatewayPipeline, AuditedEndpoint?>.CreateValueCallback DescribeAny = Describe;

    private readonly RequestIds _ids = new();
    private readonly FrozenSet<string> _excluded = options.ExcludedPaths.ToFrozenSet(StringComparer.OrdinalIgnoreCase);
    private readonly ConditionalWeakTable<GatewayPipeline, AuditedEndpoint?> _notEntered = [];
    private ObjectPool<AuditedRequest>? _requests;

    /// <summary>The journal; <see langword="null"/> if nothing is recorded on this host.</summary>
    public AuditJournal? Journal { get; private set; }

    /// <summary>How its records name people.</summary>
    public PersonalData Personal { get; private set; } = PersonalData.Plain;

    private ObjectPool<AuditedRequest> Requests => _requests ??= new DefaultObjectPool<AuditedRequest>(new Policy(this), MostPooled);

    /// <summary>Opens the records. The journal says first what it is a journal of.</summary>
    public void Open(AuditJournal journal, PersonalData personal)
    {
        Personal = personal;
        personal.Keys?.Begin(journal.Boot, isFailing => journal.Append(journal.NewEvent(isFailing ? "audit.degraded" : "audit.recovered", static json => json.WriteString("reason"u8, "personal-keys"u8))));
        journal.Append(journal.NewEvent("audit.scope", json =>
        {
            json.WriteString("scope"u8, options.Scope.ToString());
            json.WriteStartArray("excluded"u8);
            foreach (var path in options.ExcludedPaths)
            {
                json.WriteStringValue(path);
            }

            json.WriteEndArray();
            json.WriteString("addresses"u8, (options.Personal ?? new()).Addresses.ToString());
            json.WriteString("pseudonyms"u8, personal.Epoch);
        }));
        Journal = journal;
    }

    /// <summary>Closes them: what has come is written.</summary>
    public ValueTask CloseAsync() => Journal is { } journal ? journal.DisposeAsync() : ValueTask.CompletedTask;

    /// <summary>The same for a host that is disposed without having been stopped.</summary>
    public ValueTask DisposeAsync() => CloseAsync();

    /// <inheritdoc cref="DisposeAsync"/>
    public void Dispose() => CloseAsync().AsTask().GetAwaiter().GetResult();

    /// <summary>This moment.</summary>
    public AuditTime Now() => new(time, revision());

    /// <summary>Keeps a record of a request that has arrived, unless it is excluded.</summary>
    public AuditedRequest? See(HttpContext httpContext) =>
        Journal is not null && (_excluded.Count is 0 || !_excluded.Contains(httpContext.Request.Path.Value ?? string.Empty)) ? Watch(httpContext, isArrival: true) : null;

    private AuditedRequest Watch(HttpContext httpContext, bool isArrival)
    {
        var request = Requests.Get();
        var now = time.GetUtcNow();
        request.Start(httpContext, isArrival, _ids.Next(now), now, time.GetTimestamp());
        httpContext.Features.Set(request);

        // Whatever answers, and however it ends: also what no endpoint sees.
        httpContext.Response.OnStarting(Starting, request);
        httpContext.Response.OnCompleted(Completed, request);
        return request;
    }

    /// <summary>The record of a request that has come to its pipeline.</summary>
    public AuditedRequest RecordOf(GatewayContext context, AuditedEndpoint endpoint)
    {
        var request = RecordOf(context.HttpContext);
        request.Enter(context, endpoint);
        return request;
    }

    /// <summary>The record of a request that has come to an endpoint, and not to its pipeline yet.</summary>
    public AuditedRequest RecordOf(HttpContext httpContext) => httpContext.Features.Get<AuditedRequest>() ?? Watch(httpContext, isArrival: false);

    /// <summary>Finds out what a request was for that never came to a pipeline.</summary>
    public void Find(AuditedRequest request)
    {
        if (request.Context is not null)
        {
            return;
        }

        var endpoint = request.HttpContext.GetEndpoint();
        if (endpoint?.Metadata.GetMetadata<GatewayPipeline>() is { } pipeline && _notEntered.GetValue(pipeline, DescribeAny) is { } audited)
        {
            // Host middleware ended it in front of its endpoint.
            request.Enter(new GatewayContext(request.HttpContext, pipeline) { Passed = GatewayContext.NotEntered }, audited);
            return;
        }

        if (options.Scope is AuditScope.Gateway && endpoint is not null)
        {
            request.Exclude();
        }
    }

    private static AuditedEndpoint? Describe(GatewayPipeline pipeline) =>
        pipeline.Steps.Select(static step => step.Policy).OfType<AuditPolicy>().FirstOrDefault() is { } policy ? new(policy, pipeline.Endpoint) : null;

    private Task StartAsync(AuditedRequest request)
    {
        if (!request.IsBegun)
        {
            return BeginAsync(request);
        }

        Tell(request);
        return Task.CompletedTask;
    }

    private async Task BeginAsync(AuditedRequest request)
    {
        Find(request);
        if (!request.IsBegun && !await request.BeginAsync().ConfigureAwait(false))
        {
            // It is too late for another answer.
            request.HttpContext.Abort();
        }

        Tell(request);
    }

    // What is only tried changes no answer, and what is not recorded has no id to ask for.
    private void Tell(AuditedRequest request)
    {
        if (request.IsRecorded && request.Endpoint.Policy.Mode is PolicyMode.Enforce && options.RequestIdHeader is { } name)
        {
            request.HttpContext.Response.Headers[name] = request.Id;
        }
    }

    private Task Complete(AuditedRequest request)
    {
        if (request.IsPending)
        {
            return CompleteAsync(request);
        }

        request.End();
        request.HttpContext.Features.Set<AuditedRequest>(null);
        Requests.Return(request);
        return Task.CompletedTask;
    }

    // Whoever was to wait for the beginning has gone on without it, and may come to it later: the record is used by nobody else.
    private static async Task CompleteAsync(AuditedRequest request)
    {
        await request.ConcludedAsync().ConfigureAwait(false);
        request.End();
    }

    private sealed class Policy(AuditTrail trail) : PooledObjectPolicy<AuditedRequest>
    {
        public override AuditedRequest Create() => new(trail);

        public override bool Return(AuditedRequest obj) => obj.TryClear();
    }
}
