using System.Net;
using System.Security.Claims;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Identity;

/// <summary>The code that docs/access.md shows.</summary>
public sealed class DocumentedAccessTests
{
    [Fact]
    public async Task Example_serves_those_it_names()
    {
        await using var gateway = await TestHost.GatewayAsync(map: MapAddresses);
        Assert.Equal("report", await gateway.Client.GetStringAsync("/report", TestContext.Current.CancellationToken));
    }

    private static void MapAddresses(WebApplication app)
    {
        app.MapGet("/report", BuildReport).WithAddresses(new()
        {
            Allow = [IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("10.0.0.0/8")],
            Deny = [IPNetwork.Parse("10.66.0.0/16")],
        });
    }

    [Fact]
    public async Task Example_keeps_a_tenant_to_its_own()
    {
        await using var gateway = await TestHost.GatewayAsync(
            services: static builder =>
            {
                builder.Services.AddAuthentication().AddCookie();
                builder.Services.AddAuthorization(static options => options.AddPolicy("HasSignedTerms", static policy => policy.RequireClaim("terms", "2")));
            },
            map: static app =>
            {
                app.Use(static (context, next) =>
                {
                    context.User = new(new ClaimsIdentity([new("scope", "invoices:read"), new("tenant", "a"), new("terms", "2")], "test"));
                    return next(context);
                });
                app.UseAuthorization();
                MapTenants(app);
            });
        Assert.Equal("invoices", await gateway.Client.GetStringAsync("/t/a/invoices", TestContext.Current.CancellationToken));
        using var other = await gateway.Client.GetAsync("/t/b/invoices", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Forbidden, other.StatusCode);
    }

    private static void MapTenants(WebApplication app)
    {
        app.MapGet("/t/{tenant}/invoices", ShowInvoices)
            .RequireAuthorization()
            .RequireAccess(new()
            {
                Scopes = ["invoices:read"],
                Tenant = new() { Claim = "tenant", RouteValue = "tenant" },
                AuthorizationPolicies = ["HasSignedTerms"],
            });
    }

    private static string ShowInvoices() => "invoices";

    private static string BuildReport() => "report";
}
