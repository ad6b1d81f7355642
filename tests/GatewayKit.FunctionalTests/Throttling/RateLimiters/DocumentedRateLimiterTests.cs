using System.Net;
using System.Threading.RateLimiting;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Throttling;
using GatewayKit.Throttling.RateLimiters;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.RateLimiting;

namespace GatewayKit.FunctionalTests.Throttling.RateLimiters;

/// <summary>The code that docs/rate-limiters.md shows.</summary>
public sealed class DocumentedRateLimiterTests
{
    [Fact]
    public async Task Limiter_of_the_framework_serves_a_route_and_a_rate_of_the_gateway_the_middleware()
    {
        await using var destination = await TestHost.StartAsync(map: static app => app.MapGet("/reports/{**rest}", static () => "report"));
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddApiGateway(builder.Configuration.GetSection("Gateway"))
            .AddRateLimiter("reports", static _ => new ConcurrencyLimiter(new() { PermitLimit = 20, QueueLimit = 10 }));
        builder.Services.AddApiGateway(static options => options.DrainDelay = TimeSpan.Zero).AddCluster("reports", destination.Address.ToString());

        var rate = new ThrottlePolicy { Limit = 600, Window = TimeSpan.FromHours(1), Partition = ThrottlePartition.ClientAddress };
        builder.Services.AddRateLimiter(options => options.GlobalLimiter = GatewayRateLimiter.CreatePartitioned(rate));

        await using var app = builder.Build();
        app.UseRateLimiter();
        app.MapGatewayRoute("/reports/{**rest}", cluster: "reports").WithRateLimiter("reports");
        await app.StartAsync();
        using var client = new HttpClient { BaseAddress = new(app.Urls.First()) };
        for (var i = 0; i < 60; i++)
        {
            Assert.Equal("report", await client.GetStringAsync("/reports/1"));
        }

        // An hour's limit is not at once: the burst is a tenth of it, and one comes back every six seconds.
        var refused = 0;
        for (var i = 0; i < 600 && refused == 0; i++)
        {
            using var answer = await client.GetAsync("/reports/1");
            refused += answer.IsSuccessStatusCode ? 0 : 1;
        }

        Assert.Equal(1, refused);
    }

    [Fact]
    public async Task Rate_of_the_gateway_serves_polly()
    {
        var rate = new ThrottlePolicy { Limit = 1, Window = TimeSpan.FromDays(1) };
        var calls = new ResiliencePipelineBuilder().AddRateLimiter(GatewayRateLimiter.Create(rate)).Build();
        await calls.ExecuteAsync(static _ => ValueTask.CompletedTask);
        await Assert.ThrowsAsync<RateLimiterRejectedException>(() => calls.ExecuteAsync(static _ => ValueTask.CompletedTask).AsTask());
    }
}
