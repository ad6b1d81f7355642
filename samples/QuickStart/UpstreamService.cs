using Microsoft.AspNetCore.Hosting.Server;

namespace QuickStart;

/// <summary>A service behind the gateway: listens at its address, and can be killed and started again.</summary>
internal sealed class UpstreamService(string name, string address, Action<WebApplication> map)
{
    private WebApplication? _app;

    public string Name => name;

    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        var app = await BuildAsync();
        if (Interlocked.CompareExchange(ref _app, app, null) is null)
        {
            await app.StartAsync(cancellationToken);
        }
        else
        {
            await app.DisposeAsync();
        }
    }

    /// <summary>Ends the service as a crash would: its connections break, and new ones are refused.</summary>
    public async Task KillAsync()
    {
        if (Interlocked.Exchange(ref _app, null) is { } app)
        {
            // Its connections first, and at once: what is under way must not answer from a host that is half gone.
            await app.Services.GetRequiredService<IServer>().StopAsync(new CancellationToken(canceled: true));
            await app.DisposeAsync();
        }
    }

    // Whoever waits for the app's own host to be built, as WebApplicationFactory does in tests, must not take this one for it.
    private Task<WebApplication> BuildAsync()
    {
        using (ExecutionContext.SuppressFlow())
        {
            return Task.Run(Build);
        }
    }

    private WebApplication Build()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls(address);
        builder.Services.AddRouting();
        var app = builder.Build();
        map(app);
        app.MapGet("/who", () => Results.Text(name + "\n"));
        return app;
    }
}
