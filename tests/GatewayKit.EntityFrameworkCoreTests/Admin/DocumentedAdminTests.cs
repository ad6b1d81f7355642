using GatewayKit.Admin;
using GatewayKit.EntityFrameworkCoreTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.EntityFrameworkCoreTests.Admin;

/// <summary>The code that docs/admin-api.md shows.</summary>
public sealed class DocumentedAdminTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Examples_start_and_tell(bool hasPort)
    {
        using var file = new SqliteFile();
        var mail = new Mail();
        await using var host = await AdminHost.StartAsync(
            builder =>
            {
                AddAdmin(builder);
                builder.Services.ConfigureDbContext<EntityFrameworkCore.GatewayConsumersDbContext>(file.Use);
                builder.Services.AddTransient<IStartupFilter, CameByPort9000>();
                builder.Services.AddSingleton<IMail>(mail).AddSingleton<IGatewayAdminObserver, ChangeMail>();
            },
            hasPort ? MapAdminToPort : MapAdmin);
        host.Client.DefaultRequestHeaders.Remove("Authorization");
        host.Client.DefaultRequestHeaders.Add("Authorization", "Test ann gateway-admin");

        await host.DoAsync("POST", "consumers", """{ "Id": "acme" }""");

        Assert.StartsWith("ann: ConsumerCreated acme  at 20", Assert.Single(mail.Sent), StringComparison.Ordinal);
    }

    // In place of a port that may be taken where tests run.
    private sealed class CameByPort9000 : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(static (context, rest) =>
            {
                context.Connection.LocalPort = 9000;
                return rest(context);
            });
            next(app);
        };
    }

    private static void AddAdmin(WebApplicationBuilder builder)
    {
        builder.Services.AddApiGateway().AddEntityFrameworkConsumers(options => options.UseSqlite("Data Source=consumers.db"));
        builder.Services.AddAuthorizationBuilder().AddPolicy("gateway-admin", policy => policy.RequireRole("gateway-admin"));
    }

    private static void MapAdmin(WebApplication app)
    {
        app.MapGatewayAdmin(policy: "gateway-admin");
    }

    private static void MapAdminToPort(WebApplication app)
    {
        app.MapGatewayAdmin(policy: "gateway-admin", port: 9000);
    }

    internal interface IMail
    {
        Task SendAsync(string text, CancellationToken cancellationToken);
    }

    private sealed class Mail : IMail
    {
        public List<string> Sent { get; } = [];

        public Task SendAsync(string text, CancellationToken cancellationToken)
        {
            Sent.Add(text);
            return Task.CompletedTask;
        }
    }

    internal sealed class ChangeMail(IMail mail) : IGatewayAdminObserver
    {
        public async ValueTask ChangedAsync(GatewayAdminChange change, CancellationToken cancellationToken) =>
            await mail.SendAsync($"{change.Actor}: {change.Action} {change.ConsumerId} {change.Subject} at {change.At:O}", cancellationToken);
    }
}
