using System.Net;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.FunctionalTests.Resilience;

/// <summary>The code that docs/resilience.md shows of circuits around endpoints.</summary>
public sealed class DocumentedCircuitTests
{
    [Fact]
    public async Task Example_leaves_the_endpoint_alone_as_the_page_says()
    {
        await using var gateway = await TestHost.GatewayAsync(
            services: static builder => builder.Services.AddSingleton<TimeProvider>(new FakeTimeProvider()),
            map: Map);
        for (var i = 0; i < 5; i++)
        {
            using var answer = await gateway.Client.GetAsync("/report");
            Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        }

        using var refused = await gateway.Client.GetAsync("/report");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, true), (refused.StatusCode, refused.Headers.RetryAfter is not null));
    }

    private static void Map(WebApplication app)
    {
        app.MapGet("/report", BuildReport).WithCircuitBreaker(new() { CountServerErrors = true, SlowCall = TimeSpan.FromSeconds(2) });
    }

    private static IResult BuildReport() => Results.StatusCode(StatusCodes.Status500InternalServerError);
}
