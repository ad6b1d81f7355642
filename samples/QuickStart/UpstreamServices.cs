namespace QuickStart;

/// <summary>
/// Small services behind the gateway, one for each destination of its cluster. They are in this process only so that one command runs
/// everything; delete this file and its like when the configuration points to services of yours.
/// </summary>
internal sealed class UpstreamServices(IConfiguration configuration) : IHostedService
{
    private readonly UpstreamService[] _services =
    [
        .. Of(configuration, "catalog", MapCatalog),
        .. Of(configuration, "orders", MapOrders),
        .. Of(configuration, "reports", MapReports),
    ];

    /// <summary>The service of a destination, such as <c>catalog-b</c>; <see langword="null"/> if there is none.</summary>
    public UpstreamService? Find(string name) => _services.FirstOrDefault(service => service.Name == name);

    public Task StartAsync(CancellationToken cancellationToken) => Task.WhenAll(_services.Select(service => service.StartAsync(cancellationToken)));

    // The gateway has stopped before, so nothing is under way.
    public Task StopAsync(CancellationToken cancellationToken) => Task.WhenAll(_services.Select(static service => service.KillAsync()));

    private static IEnumerable<UpstreamService> Of(IConfiguration configuration, string cluster, Action<WebApplication> map) =>
        from destination in configuration.GetSection($"Gateway:Clusters:{cluster}:Destinations").GetChildren()
        let name = $"{cluster}-{destination.Key}"
        let address = destination["Address"] ?? throw new InvalidOperationException($"The configuration has no address for {name}.")
        select new UpstreamService(name, address, map);

    private static void MapCatalog(WebApplication app)
    {
        app.MapGet("/items", () => new[] { new Item("1", "lamp"), new Item("2", "desk") });
        app.MapGet("/items/{id}", (string id, HttpContext context) =>
            new { Item = new Item(id, "lamp"), Through = context.Request.Headers["X-Gateway"].ToString() });
        app.MapGet("/stock/{sku}", (string sku) => new { Sku = sku, InStock = 7 });
    }

    private static void MapOrders(WebApplication app)
    {
        app.MapGet("/orders/{id}", (string id) => new { Order = id, State = "packed" });
        app.MapPost("/orders", (Item item) => Results.Created($"/orders/{item.Id}", item));
    }

    // Eight at a time, each for 50 ms; the others wait here, as long as it takes. That is what the gateway spares it.
    private static void MapReports(WebApplication app)
    {
        var (workers, here, most) = (new SemaphoreSlim(8), 0, 0);
        app.MapGet("/reports/{id}", async (string id) =>
        {
            InterlockedMax(ref most, Interlocked.Increment(ref here));
            await workers.WaitAsync();
            await Task.Delay(50);
            workers.Release();
            Interlocked.Decrement(ref here);
            return $"report {id}\n";
        });
        app.MapGet("/reports/most", () => $"at most {most} requests were here at once\n");
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var known = Volatile.Read(ref most); value > known; known = Volatile.Read(ref most))
        {
            Interlocked.CompareExchange(ref most, value, known);
        }
    }

    private sealed record Item(string Id, string Name);
}
