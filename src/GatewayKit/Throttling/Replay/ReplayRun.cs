using System.Runtime.InteropServices;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling.Replay;

/// <summary>
/// Sends records through the limits of a configuration, one after the other, and counts what becomes of them. What a request holds or owes is settled after its duration,
/// before a request that comes at that moment. Used by one thread at a time.
/// </summary>
/// <param name="clock">The time that the limits read.</param>
/// <param name="endpoints">The limits of each route.</param>
/// <param name="outcomes">What judges what the pipeline returned.</param>
internal sealed class ReplayRun(ReplayClock clock, IEnumerable<ReplayEndpoint> endpoints, PipelineOutcomes outcomes)
{
    // About 2 KB each.
    private const int MaxInFlight = 100_000;

    private const int MaxUnknownRoutes = 100;
    private const string NoRoute = "(none)";
    private const string OtherRoutes = "(others)";

    private readonly Dictionary<string, RouteTally> _routes =
        endpoints.ToDictionary(static endpoint => endpoint.Pipeline.Endpoint.RouteId, static endpoint => new RouteTally(endpoint), StringComparer.OrdinalIgnoreCase);

    private readonly Dictionary<string, long> _unknown = new(StringComparer.OrdinalIgnoreCase);
    private readonly TimeBuckets _buckets = new();
    private ReplayCounts _total;
    private DateTimeOffset? _first, _last;
    private Exception? _failure;
    private long _cutShort;
    private int _inFlight, _waiting;

    /// <summary>Sends one record on its way.</summary>
    /// <param name="record">The record; not earlier than those before it.</param>
    /// <param name="told">Called when its outcome is known, which is at once unless a limit makes it wait.</param>
    /// <returns>Whether there is such a route.</returns>
    public bool Take(AccessRecord record, Action<ReplayOutcome>? told = null)
    {
        if (!_routes.TryGetValue(record.Route ?? string.Empty, out var route))
        {
            NoteUnknown(record.Route);
            return false;
        }

        if (_first is null)
        {
            clock.Begin(record.Time);
        }

        clock.MoveTo(record.Time);
        _first = _first is { } first && first < record.Time ? first : record.Time;
        _last = _last is { } last && last > record.Time ? last : record.Time;
        var request = ReplayRequest.Create(record, out var httpContext);
        var context = new GatewayContext(httpContext, route.Endpoint.Pipeline);
        if (record.Priority is { } priority)
        {
            context.Priority = priority;
        }

        var running = route.Endpoint.Chain(context);
        if (running.IsCompletedSuccessfully)
        {
            Finish(route, request, context, running.Result, told);
        }
        else
        {
            _waiting++;
            _ = AwaitAsync(running, route, request, context, told);
        }

        return true;
    }

    /// <summary>Ends what is under way.</summary>
    /// <exception cref="InvalidOperationException">A limit failed.</exception>
    public void End()
    {
        while (_inFlight + _waiting > 0 && clock.NextTimer is { } due)
        {
            clock.MoveTo(due);
        }

        if (_failure is not null)
        {
            throw new InvalidOperationException($"A limit failed: {_failure.Message}", _failure);
        }
    }

    /// <summary>What was counted so far.</summary>
    public ReplayReport Report(ReplayFeed feed, int topKeys, Func<string, string> nameKey) => new()
    {
        Total = _total,
        First = _first,
        Last = _last,
        MalformedLines = feed.MalformedLines,
        Late = feed.Late,
        OutOfRange = feed.OutOfRange,
        LeftOut = feed.LeftOut,
        CutShort = _cutShort,
        UnknownRoutes = [.. _unknown.OrderByDescending(static entry => entry.Value).ThenBy(static entry => entry.Key, StringComparer.Ordinal).Select(static entry => new ReplayUnknownRoute(entry.Key, entry.Value))],
        Routes =
        [
            .. _routes.Values.Where(static route => route.Counts.Requests > 0).Select(route => route.Report(topKeys, nameKey)).OrderBy(static route => route.Route, StringComparer.OrdinalIgnoreCase)
        ],
        BucketWidth = _buckets.Width,
        Buckets = _buckets.Buckets,
    };

    private async Task AwaitAsync(ValueTask<object?> running, RouteTally route, ReplayRequest request, GatewayContext context, Action<ReplayOutcome>? told)
    {
        try
        {
            Finish(route, request, context, await running.ConfigureAwait(false), told);
        }
#pragma warning disable CA1031 // Whatever it was, it is told at the end.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _failure ??= exception;
        }
        finally
        {
            _waiting--;
        }
    }

    private void Finish(RouteTally route, ReplayRequest request, GatewayContext context, object? result, Action<ReplayOutcome>? told)
    {
        outcomes.Judge(context, result);
        var (record, outcome) = (request.Record, route.Note(context, request.Record));
        _total = _total.With(outcome, record.WasRefused);
        _buckets.Note(record.Time, outcome, record.WasRefused);
        told?.Invoke(outcome);
        if (request.IsAwaited)
        {
            CompleteLater(request, outcome is ReplayOutcome.Refused ? TimeSpan.Zero : record.Duration);
        }
    }

    private void CompleteLater(ReplayRequest request, TimeSpan duration)
    {
        if (duration > TimeSpan.Zero && _inFlight < MaxInFlight)
        {
            _inFlight++;
            clock.After(duration, OnDone, request);
            return;
        }

        _cutShort += duration > TimeSpan.Zero ? 1 : 0;
        Complete(request);
    }

    private void OnDone(object? state)
    {
        _inFlight--;
        Complete((ReplayRequest)state!);
    }

    // Everything is counted in memory, so that it is done when it returns.
    private static void Complete(ReplayRequest request) => request.CompleteAsync().GetAwaiter().GetResult();

    private void NoteUnknown(string? route)
    {
        var name = route is null or "" ? NoRoute : _unknown.ContainsKey(route) || _unknown.Count < MaxUnknownRoutes - 1 ? route : OtherRoutes;
        CollectionsMarshal.GetValueRefOrAddDefault(_unknown, name, out _)++;
    }
}
