using System.Net;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Resilience;
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

    [Fact]
    public async Task Example_isolates_and_closes_by_hand()
    {
        await using var gateway = await TestHost.GatewayAsync(map: Map);
        Assert.Equal(HttpStatusCode.InternalServerError, await StatusOfAsync("/report"));
        using var isolated = await gateway.Client.PostAsync("/operators/isolate/report", null);
        using var refused = await gateway.Client.GetAsync("/report");
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable, null), (isolated.StatusCode, refused.StatusCode, refused.Headers.RetryAfter));
        using var closed = await gateway.Client.PostAsync("/operators/close/report", null);
        Assert.Equal(HttpStatusCode.InternalServerError, await StatusOfAsync("/report"));

        using var unknown = await gateway.Client.PostAsync("/operators/isolate/reprt", null);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        Assert.Contains("Did you mean 'report'?", await unknown.Content.ReadAsStringAsync());

        async Task<HttpStatusCode> StatusOfAsync(string path)
        {
            using var answer = await gateway.Client.GetAsync(path);
            return answer.StatusCode;
        }
    }

    private static void Map(WebApplication app)
    {
        app.MapGet("/report", BuildReport).WithName("report").WithCircuitBreaker(new() { CountServerErrors = true, SlowCall = TimeSpan.FromSeconds(2) });

        // For operators only: bind it to an address that clients do not reach, or ask for a role.
        var operators = app.MapGroup("/operators").AddEndpointFilter(static async (context, next) =>
        {
            try
            {
                return await next(context);
            }
            catch (ArgumentException exception)
            {
                return Results.Problem(exception.Message, statusCode: StatusCodes.Status404NotFound);
            }
        });
        operators.MapPost("/isolate/{endpoint}", static (GatewayCircuits circuits, string endpoint) => circuits.Isolate(endpoint));
        operators.MapPost("/close/{endpoint}", static (GatewayCircuits circuits, string endpoint) => circuits.Close(endpoint));
    }

    private static IResult BuildReport() => Results.StatusCode(StatusCodes.Status500InternalServerError);
}
