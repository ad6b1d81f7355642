using GatewayKit.Clusters;
using GatewayKit.Routing;
using Microsoft.Extensions.Configuration;

namespace GatewayKit.Configuration;

/// <summary>
/// Reads all sources, validates, and puts a new snapshot in force; one apply at a time. What is wrong anywhere leaves the last good
/// snapshot in force. Get it from DI. Thread-safe.
/// </summary>
public sealed class GatewayConfigurator : IDisposable
{
    private static readonly Dictionary<IRouteSource, RouteSet> Nothing = [];

    private readonly SourceReader _reader;
    private readonly RouteSetValidator _validator;
    private readonly SectionBinder _binder;
    private readonly EndpointChecks _endpointChecks;
    private readonly GatewayConfigurationWriter _writer;
    private readonly CurrentSnapshot _current;
    private readonly RouteTemplates _templates;
    private readonly ClusterStates _clusterStates;
    private readonly ConfigurationTelemetry _telemetry;
    private readonly GatewayOptions _options;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _applying = new(1);
    private readonly CancellationTokenSource _stopping = new();
    private volatile Dictionary<IRouteSource, RouteSet> _inForce = Nothing;
    private volatile RouteFindings? _findings;

    // Who said what was rejected last: a source, or this for all of them read together. Used by one apply at a time.
    private readonly HashSet<object> _rejected = new(ReferenceEqualityComparer.Instance);
    private ReloadSchedule? _schedule;

    internal GatewayConfigurator(
        SourceReader reader,
        RouteSetValidator validator,
        SectionBinder binder,
        EndpointChecks endpointChecks,
        GatewayConfigurationWriter writer,
        CurrentSnapshot current,
        RouteTemplates templates,
        ClusterStates clusterStates,
        ConfigurationTelemetry telemetry,
        GatewayOptions options,
        TimeProvider time)
    {
        (_reader, _validator, _binder, _endpointChecks, _writer) = (reader, validator, binder, endpointChecks, writer);
        (_current, _templates, _clusterStates, _telemetry, _options, _time) = (current, templates, clusterStates, telemetry, options, time);
        foreach (var source in reader.Sources.OfType<DynamicRouteSource>())
        {
            source.Attach(this);
        }
    }

    /// <summary>Raised after a new snapshot is in force. Handlers run before the apply returns; one that throws is logged.</summary>
    public event EventHandler<ApplyResult>? Applied;

    /// <summary>Raised after a configuration was rejected. Handlers run before the apply returns; one that throws is logged.</summary>
    public event EventHandler<ApplyResult>? Rejected;

    /// <summary>The snapshot in force.</summary>
    public GatewaySnapshot Current => _current.Value;

    /// <summary>Reads all sources and applies what they say. Changes of a source do so by themselves, about 100 ms later.</summary>
    /// <returns>The new snapshot, or the errors and the last good one. What says the same as before is accepted and changes nothing.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled while the sources were read.</exception>
    /// <exception cref="InvalidOperationException">The host has not started the gateway yet.</exception>
    public Task<ApplyResult> ReloadAsync(CancellationToken cancellationToken = default) => ApplyAsync(pushed: null, cancellationToken);

    /// <summary>Checks a set as if it were the only source beside start-up code: what the builder was given and what is mapped. Changes nothing.</summary>
    /// <returns>Every error; empty if the set can be applied.</returns>
    public IReadOnlyList<ConfigurationError> Validate(RouteSet set)
    {
        ArgumentNullException.ThrowIfNull(set);
        return Validate([.. CodeSets, new SourcedSet(string.Empty, set)], []);
    }

    /// <summary>Checks a configuration section, or a whole configuration with <c>Routes</c> and <c>Clusters</c> at its root, as if it were the only source beside start-up code. Changes nothing.</summary>
    /// <returns>Every error; empty if the section can be applied.</returns>
    public IReadOnlyList<ConfigurationError> Validate(IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(section);
        var errors = new List<ConfigurationError>();
        var gaps = new ListGaps();
        var set = _binder.BindRouteSet(section, errors, gaps);
        return Validate([.. CodeSets, new SourcedSet(section is IConfigurationSection { Path: var path } ? path : string.Empty, set, Gaps: gaps)], errors);
    }

    /// <summary>Checks what all sources say now, as <see cref="ReloadAsync"/> would. Changes nothing.</summary>
    /// <returns>Every error; empty if the sources can be applied.</returns>
    public Task<IReadOnlyList<ConfigurationError>> ValidateAsync(CancellationToken cancellationToken = default) => ValidateAsync(pushed: null, cancellationToken);

    private IEnumerable<SourcedSet> CodeSets => _reader.Sources.OfType<CodeRouteSource>().Select(static code => new SourcedSet(code.Name, code.Set));

    /// <inheritdoc/>
    public void Dispose()
    {
        // No lock: the host stops once. An apply that is under way ends by itself.
        _stopping.Cancel();
        _schedule?.Dispose();
        _stopping.Dispose();
    }

    /// <summary>Applies the first configuration, at start, and watches the sources from then on.</summary>
    /// <param name="optionErrors">What is wrong with host-wide options.</param>
    /// <param name="hostErrors">What is wrong with the host; asked for when the gateway's own endpoints are there, unless their configuration was rejected.</param>
    /// <exception cref="GatewayConfigurationException">It cannot be used.</exception>
    internal void Start(IEnumerable<ConfigurationError> optionErrors, IEnumerable<ConfigurationError> hostErrors)
    {
        // Watching starts first, so that no change is lost in between.
        _schedule = new ReloadSchedule(_reader.Sources, ReloadInBackground, _time);

        var mapped = _current.Mapped;
        var absent = AbsentSections.Check(_reader.Sources, mapped is { HasConfigured: true, FromCode.Count: 0 }, _telemetry);

        // At start nothing is served yet and nothing else runs here: the one place where waiting is right.
        var result = ApplyAsync(pushed: null, CancellationToken.None, [.. absent, .. optionErrors]).GetAwaiter().GetResult();
        ConfigurationError[] errors = [.. result.Errors, .. hostErrors];
        if (errors.Length > 0)
        {
            throw new GatewayConfigurationException(errors, result.Cause) { IsAtStart = true };
        }
    }

    internal RouteSet? InForce(IRouteSource source) => _inForce.GetValueOrDefault(source);

    internal Task<ApplyResult> ApplyAsync(IRouteSource source, RouteSet set, CancellationToken cancellationToken) =>
        ApplyAsync(new Push(source, set), cancellationToken);

    internal Task<IReadOnlyList<ConfigurationError>> ValidateAsync(IRouteSource source, RouteSet set, CancellationToken cancellationToken) =>
        ValidateAsync(new Push(source, set), cancellationToken);

    private async Task<IReadOnlyList<ConfigurationError>> ValidateAsync(Push? pushed, CancellationToken cancellationToken)
    {
        await _applying.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var errors = new List<ConfigurationError>();
            return Validate(await _reader.ReadAsync(Given(pushed), errors, cancellationToken).ConfigureAwait(false), errors);
        }
        finally
        {
            _applying.Release();
        }
    }

    private async Task<ApplyResult> ApplyAsync(Push? pushed, CancellationToken cancellationToken, List<ConfigurationError>? errors = null)
    {
        if (_schedule is null)
        {
            // Which groups and mapped routes there are is known when the host starts.
            throw new InvalidOperationException("The gateway has not started. Start the host first; what is there from the start belongs into a source's first LoadAsync.");
        }

        await _applying.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            errors ??= [];
            var sets = await _reader.ReadAsync(Given(pushed), errors, cancellationToken).ConfigureAwait(false);

            // At start nothing is served yet: there is nobody to make room for.
            var before = Current;
            if (before.Revision == 0)
            {
                return Apply(sets, errors);
            }

            // On a thread of its own: building ten thousand endpoints and their matcher must not occupy one of the few that serve requests.
            var result = await Task.Factory.StartNew(
                () =>
                {
                    // Reading is not paced: a source may take its time.
                    using var pace = _options.PaceReloads ? ReloadPace.Start() : null;
                    return Apply(sets, errors);
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach,
                TaskScheduler.Default).ConfigureAwait(false);
            Note(pushed, result, before);
            return result;
        }
        finally
        {
            _applying.Release();
        }
    }

    // Whoever has put right what was rejected sees that it is: by the revision that comes, or, where all is as it was before, by a line of its own.
    private void Note(Push? pushed, ApplyResult result, GatewaySnapshot before)
    {
        object said = pushed is null ? this : pushed.Source;
        if (!result.Accepted)
        {
            _rejected.Add(said);
            return;
        }

        var isPutRight = _rejected.Remove(said);
        if (pushed is null)
        {
            // All that the sources say was read.
            isPutRight |= _rejected.Count > 0;
            _rejected.Clear();
        }

        if (isPutRight && result.Snapshot == before)
        {
            _telemetry.PutRight(before);
        }
    }

    private ApplyResult Apply(List<SourcedSet> read, List<ConfigurationError> errors)
    {
        var sets = read.ConvertAll(set => set with { Set = RouteFindings.Adopt(set.Set, Current) });
        var findings = new RouteFindings(_templates, _findings);
        try
        {
            return Validate(sets, errors, findings) is { Count: > 0 } all ? Reject(all) : PutInForce(sets, findings);
        }
        finally
        {
            _templates.EndRun();
        }
    }

    private ApplyResult PutInForce(List<SourcedSet> sets, RouteFindings findings)
    {
        var merged = RouteSet.Merge(sets.Select(static set => set.Set));
        var before = Current;
        GatewaySnapshot? snapshot = null;
        SnapshotDiff changes;
        PreparedSnapshot prepared;
        List<ConfigurationError> errors;
        try
        {
            snapshot = Snapshot(before, merged, findings);
            changes = GatewaySnapshot.Diff(before, snapshot);
            if (before.Revision > 0 && changes.IsEmpty)
            {
                _inForce = Remember(sets);
                _telemetry.Unchanged(before);
                return new(before, []);
            }

            errors = Undiscovered(snapshot, sets);
            if (errors.Count > 0)
            {
                Discard(snapshot);
                return Reject(errors);
            }

            prepared = _current.Prepare(snapshot);

            // The log names it. To write a policy of the host's runs code of the host, so it has to be now.
            if (_telemetry.NamesHash)
            {
                _ = snapshot.Hash;
            }

            errors = _endpointChecks.Check(prepared, sets);
        }
#pragma warning disable CA1031 // Nothing is in force yet. Code of the host may throw anything: a convention, a predicate, a policy's factory.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Discard(snapshot);
            return Reject([new("Snapshot", $"It cannot be put in force: {exception.Message}")], exception);
        }

        if (errors.Count > 0)
        {
            Discard(snapshot);
            return Reject(errors);
        }

        // Before it happens: building may take minutes.
        _telemetry.Repeated(RepeatedCatchAlls.LargestOf(prepared.Endpoints));
        try
        {
            _current.Swap(prepared);
        }
#pragma warning disable CA1031 // The snapshot is in force, whatever the host's own listeners make of it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _telemetry.EndpointListenerFailed(snapshot, exception);
        }

        (_inForce, _findings) = (Remember(sets), findings.Keep());
        var result = new ApplyResult(snapshot, []) { Changes = changes };
        _telemetry.Applied(result);
        _telemetry.Unmapped(EndpointChecks.Unmapped(snapshot, prepared.Endpoints));
        Raise(Applied, result);
        return result;
    }

    // Clusters that cannot do without what they have not found, under the source that they come from.
    private List<ConfigurationError> Undiscovered(GatewaySnapshot snapshot, List<SourcedSet> sets) => [.. _clusterStates.AwaitDiscovery(snapshot.ClusterStates)
        .Select(missing => new ConfigurationError(
            ModelPath.Join(sets.First(set => set.Set.Clusters.Contains(missing.Cluster)).Source, [nameof(RouteSet.Clusters), missing.Cluster.Id, nameof(Cluster.Discovery)]),
            missing.Message))];

    private void Discard(GatewaySnapshot? snapshot)
    {
        if (snapshot is not null)
        {
            _clusterStates.Discard(snapshot.ClusterStates);
        }
    }

    private GatewaySnapshot Snapshot(GatewaySnapshot before, RouteSet merged, RouteFindings findings) => new(
        before.Revision + 1,
        new Lazy<string>(() => _writer.Hash(merged, findings)),
        ValueMap<GatewayRoute>.From(merged.Routes.Select(static route => KeyValuePair.Create(route.Id, route))),
        merged.Defaults,
        _clusterStates.Build(before.ClusterStates, merged.Clusters),
        new(merged.Plans, merged.Products, merged.Consumers));

    // Asked when it is this apply's turn: what the other sources said last is what the apply before put in force.
    private Dictionary<IRouteSource, RouteSet> Given(Push? pushed) =>
        pushed is null ? Nothing : new(_inForce, ReferenceEqualityComparer.Instance) { [pushed.Source] = pushed.Set };

    private Dictionary<IRouteSource, RouteSet> Remember(List<SourcedSet> sets) =>
        new(_reader.Sources.Zip(sets, static (source, set) => KeyValuePair.Create(source, set.Set)), ReferenceEqualityComparer.Instance);

    private ApplyResult Reject(IReadOnlyList<ConfigurationError> errors, Exception? cause = null)
    {
        var result = new ApplyResult(Current, errors) { Cause = cause };
        _telemetry.Rejected(Current, errors, cause);
        Raise(Rejected, result);
        return result;
    }

    private List<ConfigurationError> Validate(List<SourcedSet> sets, List<ConfigurationError> errors)
    {
        var all = Validate(sets, errors, new RouteFindings(_templates));
        _templates.EndRun();
        return all;
    }

    private List<ConfigurationError> Validate(List<SourcedSet> sets, List<ConfigurationError> errors, RouteFindings findings)
    {
        // What could not be bound would be missed once more here: one error for one mistake.
        var found = _validator.Validate(sets, _current.Mapped, findings)
            .Select(error => error with { Path = sets.Aggregate(error.Path, static (path, set) => set.Gaps?.Restore(path) ?? path) })
            .Where(error => !errors.Exists(known => ModelPath.Overlap(known.Path, error.Path)));
        return [.. errors, .. found];
    }

    private void Raise(EventHandler<ApplyResult>? handlers, ApplyResult result)
    {
        foreach (var handler in handlers?.GetInvocationList() ?? [])
        {
            try
            {
                ((EventHandler<ApplyResult>)handler)(this, result);
            }
#pragma warning disable CA1031 // A listener may not decide over the configuration.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                _telemetry.ListenerFailed(exception);
            }
        }
    }

    private void ReloadInBackground() => _ = ReloadUnlessStoppedAsync();

    private async Task ReloadUnlessStoppedAsync()
    {
        try
        {
            await ReloadAsync(_stopping.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
        {
            // The host is stopping.
        }
#pragma warning disable CA1031 // Nobody awaits a reload that a source asked for: the log is where it shows.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _telemetry.ReloadFailed(exception);
        }
    }

    /// <summary>What one source says from now on; the others are not read.</summary>
    private sealed record Push(IRouteSource Source, RouteSet Set);
}
