using System.Diagnostics;
using GatewayKit.Auditing;
using GatewayKit.Auditing.Journal;
using GatewayKit.Auditing.Personal;
using GatewayKit.Auditing.Shipping;
using GatewayKit.Configuration;
using GatewayKit.Diagnostics;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace GatewayKit;

/// <summary>
/// Opens the journal before the host listens if anything is to be recorded, or with the reload that asks for it first, and closes it when the server has stopped.
/// </summary>
internal sealed partial class AuditLifecycle(
    AuditTrail trail, Func<bool, AuditJournal?> open, Func<PersonalData> openPersonal, AuditShippers shippers, ServerRejections rejections, AuditedChanges changes, GatewayConfigurator configurator, GatewayOptionsChecks options, ILogger<AuditTrail> logger, bool isAsked,
    DiagnosticListener? server = null) : IHostedLifecycleService
{
    private EndpointDataSource? _endpoints;
    private string _routesWithBodies = string.Empty;

    /// <summary>Looks at what is to be recorded, from now on.</summary>
    /// <exception cref="GatewayConfigurationException">The journal cannot be opened.</exception>
    public void Begin(EndpointDataSource endpoints)
    {
        _endpoints = endpoints;
        OpenIfAsked(isAtStart: true);
        WarnOfBodies();
        configurator.Applied += (_, _) =>
        {
            OpenIfAsked(isAtStart: false);
            WarnOfBodies();
        };
    }

    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        rejections.Dispose();
        await trail.CloseAsync().ConfigureAwait(false);
        await shippers.StopAsync().ConfigureAwait(false);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void OpenIfAsked(bool isAtStart)
    {
        trail.IsMissing = false;
        if (trail.Journal is null && !isAsked && !Policies().Any())
        {
            return;
        }

        try
        {
            // Where a sink cannot be made the journal is kept all the same, and the next reload tries again.
            if ((trail.Journal ?? Open()) is { } journal)
            {
                shippers.Start(journal);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException or InvalidOperationException)
        {
            // After a reload the endpoints refuse what they cannot record, and the health check says so. At start the message says everything, and a stack is in its way.
            trail.IsMissing = trail.Journal is null;
            throw new GatewayConfigurationException([new(options.PlaceOf(KeyOf(exception)), exception.Message)], isAtStart ? null : exception) { IsAtStart = isAtStart };
        }
    }

    private AuditJournal? Open()
    {
        // Keys first: without them no line may be written.
        var personal = openPersonal();
        if (open(Policies().Any(static policy => policy.Delivery is AuditDelivery.Strict)) is not { } journal)
        {
            // The start is a check.
            return null;
        }

        trail.Open(journal, personal);
        changes.Watch();
        if (server is not null)
        {
            rejections.Listen(server);
        }

        return journal;
    }

    // Nobody should find out from a journal.
    private void WarnOfBodies()
    {
        var routes = string.Join(", ", Pipelines().Where(static pipeline => pipeline.Steps.Any(static step => step.Policy is AuditPolicy { Body: not null })).Select(static pipeline => pipeline.Endpoint.RouteId).Distinct().Order(StringComparer.Ordinal));
        if (routes.Length > 0 && routes != _routesWithBodies)
        {
            Log.BodiesRecorded(logger, routes);
        }

        _routesWithBodies = routes;
    }

    private static string KeyOf(Exception exception) => exception switch
    {
        InvalidDataException => "Journal:Personal",
        InvalidOperationException => "Journal",
        _ => "Journal:Directory",
    };

    private IEnumerable<GatewayPipeline> Pipelines() => _endpoints!.Endpoints.Select(static endpoint => endpoint.Metadata.GetMetadata<GatewayPipeline>()).OfType<GatewayPipeline>();

    private IEnumerable<AuditPolicy> Policies() => Pipelines().SelectMany(static pipeline => pipeline.Steps).Select(static step => step.Policy).OfType<AuditPolicy>();

    private static partial class Log
    {
        [LoggerMessage(EventIds.AuditBodiesRecorded, LogLevel.Warning, "The audit journal has bodies of requests or answers at {Routes}, without what masks and detectors find: they may have personal data and secrets.")]
        public static partial void BodiesRecorded(ILogger logger, string routes);
    }
}
