using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using GatewayKit.Auditing.Journal;
using GatewayKit.Auditing.Personal;
using GatewayKit.Auditing.Records;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
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

    /// <summary>Whether endpoints ask for records, and the journal could not be opened for them.</summary>
    public bool IsMissing { get; set; }

    /// <summary>How its records name people.</summary>
    public PersonalData Personal { get; private set; } = PersonalData.Plain;

    private ObjectPool<AuditedRequest> Requests => _requests ??= new DefaultObjectPool<AuditedRequest>(new Policy(this), MostPooled);

    /// <summary>Opens the records. The journal says first what it is a journal of.</summary>
    public void Open(AuditJournal journal, PersonalData personal)
    {
        Personal = personal;
        personal.Keys?.Begin(journal.Boot, isFailing => journal.Append(journal.NewEvent(isFailing ? "audit.degraded" : "audit.recovered", static json => json.WriteString("reason"u8, "personal-keys"u8))));

        // In as many lines as the paths take.
        var told = 0;
        do
        {
            journal.Append(journal.NewEvent("audit.scope", json =>
            {
                json.WriteString("scope"u8, options.Scope.ToString());
                json.WriteString("addresses"u8, (options.Personal ?? new()).Addresses.ToString());
                json.WriteString("pseudonyms"u8, personal.Epoch);
                json.WriteStartArray("excluded"u8);
                for (var isFirst = true; told < options.ExcludedPaths.Count && (isFirst || AuditLines.HasRoom(json, options.ExcludedPaths[told])); isFirst = false)
                {
                    json.WriteStringValue(options.ExcludedPaths[told++]);
                }

                json.WriteEndArray();
            }));
        }
        while (told < options.ExcludedPaths.Count);

        Journal = journal;
    }

    /// <summary>Closes them: what has come is written.</summary>
    public ValueTask CloseAsync() => Journal is { } journal ? journal.DisposeAsync() : ValueTask.CompletedTask;

    /// <summary>The same for a host that is disposed without having been stopped.</summary>
    public ValueTask DisposeAsync() => CloseAsync();

    /// <inheritdoc cref="DisposeAsync"/>
    public void Dispose() => CloseAsync().AsTask().GetAwaiter().GetResult();

    /// <summary>The revision of the configuration in force; 0 if it is not known.</summary>
    public long Revision => revision();

    /// <summary>This moment.</summary>
    public AuditTime Now() => new(time);

    /// <summary>The id of a request whose beginning is recorded now.</summary>
    public string NextId(DateTime now) => _ids.Next(now);

    /// <summary>Has a request served that has arrived, and keeps a record of it unless it is excluded.</summary>
    public Task ServeAsync(HttpContext httpContext, RequestDelegate serve) =>
        Journal is null ? serve(httpContext)
        : _excluded.Count is 0 || !_excluded.Contains(httpContext.Request.Path.Value ?? string.Empty) ? Watch(httpContext, isArrival: true).ServeAsync(serve)
        : ServeExcludedAsync(httpContext, serve);

    private AuditedRequest Watch(HttpContext httpContext, bool isArrival)
    {
        var request = Requests.Get();
        request.Start(httpContext, isArrival, time.GetTimestamp());
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

        // Only what middleware has moved can be a page that takes the place of an answer.
        var isPage = !ReferenceEquals(request.Path, context.HttpContext.Request.Path.Value) && IsAnsweredElsewhere(context.HttpContext, out var original)
            && (request.Context is not null || TryEnter(request, original));
        if (!isPage)
        {
            request.Enter(context, endpoint);
        }

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

        var endpoint = IsAnsweredElsewhere(request.HttpContext, out var original) ? original : request.HttpContext.GetEndpoint();

        // Where nothing serves the method or what the body is, routing puts an endpoint of its own that says so.
        request.IsMatched = endpoint is RouteEndpoint;
        if (!TryEnter(request, endpoint) && request.IsMatched && options.Scope is AuditScope.Gateway)
        {
            request.Exclude();
        }
    }

    /// <summary>Whether the host has another endpoint answer than the one that the request was for, such as a page that tells of an error.</summary>
    /// <param name="httpContext">The request.</param>
    /// <param name="original">What it was for; <see langword="null"/> if it matched nothing.</param>
    public static bool IsAnsweredElsewhere(HttpContext httpContext, out Endpoint? original)
    {
        if (httpContext.Features.Get<IExceptionHandlerFeature>() is { } failed)
        {
            original = failed.Endpoint;
            return true;
        }

        var page = httpContext.Features.Get<IStatusCodeReExecuteFeature>();
        original = page?.Endpoint;
        return page is not null;
    }

    // Host middleware ended it in front of its endpoint.
    private bool TryEnter(AuditedRequest request, Endpoint? endpoint)
    {
        if (endpoint?.Metadata.GetMetadata<GatewayPipeline>() is not { } pipeline || _notEntered.GetValue(pipeline, DescribeAny) is not { } audited)
        {
            return false;
        }

        request.Enter(new GatewayContext(request.HttpContext, pipeline) { Passed = GatewayContext.NotEntered }, audited);
        return true;
    }

    // Its endpoint may ask for a record all the same.
    private static async Task ServeExcludedAsync(HttpContext httpContext, RequestDelegate serve)
    {
        try
        {
            await serve(httpContext).ConfigureAwait(false);
        }
        catch
        {
            httpContext.Features.Get<AuditedRequest>()?.Fail();
            throw;
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

        Started(request);
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

        Started(request);
    }

    private void Started(AuditedRequest request)
    {
        request.HasStarted = true;

        // What is only tried changes no answer, and what is not recorded has no id to ask for.
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

        // It stays a feature of the request, which tells ServerRejections that a body the server reads on to its end belongs to a record.
        request.End();
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
