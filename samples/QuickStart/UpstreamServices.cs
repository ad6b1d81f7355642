namespace QuickStart;

/// <summary>
/// Two small services behind the gateway, each listening at the address of its cluster. They are in this process only so that one
/// command runs everything; delete this file when the configuration points to services of yours.
/// </summary>
internal sealed class UpstreamServices(IConfiguration configuration) : IHostedService
{
    private readonly List<WebApplication> _services = [];

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await StartAsync("catalog", MapCatalog, cancellationToken);
        await StartAsync("orders", MapOrders, cancellationToken);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        foreach (var service in _services)
        {
            await service.StopAsync(cancellationToken);
            await service.DisposeAsync();
        }
    }

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

    private async Task StartAsync(string cluster, Action<WebApplication> map, CancellationToken cancellationToken)
    {
        var address = configuration[$"Gateway:Clusters:{cluster}:Destinations:a:Address"]
            ?? throw new InvalidOperationException($"The configuration has no address for the {cluster} service.");
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls(address);
        builder.Services.AddRouting();
        var app = builder.Build();
        _services.Add(app);
        map(app);
        await app.StartAsync(cancellationToken);
    }

    private sealed record Item(string Id, string Name);
}
