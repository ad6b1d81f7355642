using GatewayKit.Clusters;

namespace QuickStart;

/// <summary>Endpoints to kill a service behind the gateway and to watch what the gateway makes of it. For this demonstration only: they ask nobody who they are.</summary>
internal static class KillAndRevive
{
    public static void MapKillAndRevive(this WebApplication app)
    {
        app.MapPost("/demo/{service}/kill", (string service, UpstreamServices services) => Act(services.Find(service), static found => found.KillAsync()));
        app.MapPost("/demo/{service}/revive", (string service, UpstreamServices services) => Act(services.Find(service), static found => found.StartAsync()));
        app.MapGet("/demo", (GatewayClusters clusters) => string.Concat(
            from cluster in clusters.GetAll()
            from destination in cluster.Destinations
            select Line($"{cluster.Id}-{destination.Id}", destination)));
    }

    private static string Line(string name, DestinationStatus destination)
    {
        var health = destination.Health;
        return $"{name,-10} circuit {health.Breaker,-10} {(health.IsAvailable ? "in use" : "left alone"),-11} in flight {destination.InFlight,-4} {health.Reason}\n";
    }

    private static async Task<IResult> Act(UpstreamService? service, Func<UpstreamService, Task> act)
    {
        if (service is null)
        {
            return Results.NotFound();
        }

        await act(service);
        return Results.NoContent();
    }
}
