using GatewayKit.Auditing;
using GatewayKit.Identity.ApiKeys;
using GatewayKit.Identity.Consumers;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Auditing;

/// <summary>Keys that are in fields and in a parameter of the query that a host has given names of its own, and that a policy names for the record by mistake.</summary>
public sealed class AuditCredentialTests
{
    private const string Canary = "canary-0123456789";

    private static readonly ApiKeyPolicy Key = new() { Header = "X-Partner", QueryParameter = "partner" };

    private static readonly AuditPolicy Audit = new() { RequestHeaders = ["X-Partner", "X-Note"], QueryKeys = ["Partner", "note"] };

    [Theory]
    [InlineData("/identify")]
    [InlineData("/throttled")]
    [InlineData("/host")]
    [InlineData("/shadow")]
    [InlineData("/any")]
    public async Task Key_is_in_no_record_whoever_ended_the_request(string path)
    {
        await using var host = await AuditedHost.StartAsync(map: static app =>
        {
            app.Use(static (context, next) =>
            {
                if (context.Request.Path == "/host")
                {
                    context.Response.StatusCode = StatusCodes.Status403Forbidden;
                    return Task.CompletedTask;
                }

                return next(context);
            });
            foreach (var route in new[] { "/identify", "/host" })
            {
                app.MapGatewayRoute(route, cluster: "up").WithAuditing(Audit).RequireApiKey(Key);
            }

            app.MapGatewayRoute("/throttled", cluster: "up").WithAuditing(Audit).WithThrottling(new() { RequestsPerSecond = 0.001 }).RequireApiKey(Key);
            app.MapGatewayRoute("/shadow", cluster: "up").WithAuditing(Audit).RequireApiKey(Key with { Mode = PolicyMode.Shadow });
            app.MapGatewayRoute("/any", cluster: "up").WithAuditing(Audit).RequireAnyOf(new ApiKeyPolicy(), Key);
        });
        for (var i = 0; i < 2; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"{path}?partner={Canary}&note=seen") { Headers = { { "X-Partner", Canary }, { "X-Note", "seen" } } };
            using var answer = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        }

        var begins = (await host.StopAndReadRequestsAsync()).Where(static line => line.GetProperty("kind").GetString() is "begin").ToArray();
        Assert.Equal(2, begins.Length);
        Assert.All(begins, static begin => Assert.Equal(("{\"x-note\":\"seen\"}", "{\"note\":\"seen\"}"), (begin.GetProperty("hdr").GetRawText(), begin.GetProperty("q").GetRawText())));
        Assert.DoesNotContain(Canary, host.ReadText(), StringComparison.Ordinal);
    }

    // With a key that no detector knows by its looks; where it holds it is taken out of the query before the destination is asked.
    [Theory]
    [InlineData(PolicyMode.Enforce)]
    [InlineData(PolicyMode.Shadow)]
    public async Task Key_in_the_query_that_a_destination_repeats_is_not_in_the_body(PolicyMode mode)
    {
        var key = ApiKey.Create("acme");
        await using var host = await AuditedHost.StartAsync(
            context =>
            {
                context.Response.ContentType = "application/json";
                return context.Response.WriteAsync($"{{\"sent\":\"{key.Reveal()}\"}}");
            },
            app => app.MapGatewayRoute("/{**rest}", cluster: "up").WithAuditing(Audit with { Body = new() { Response = true, AllowUnencrypted = true } }).RequireApiKey(Key with { Mode = mode }),
            gateway =>
            {
                gateway.Services.Configure<ApiKeyOptions>(static options => options.Prefix = "acme");
                gateway.AddConsumers([new Consumer { Id = "acme", Keys = [key.ToStored()] }]);
            });
        var answer = await host.Client.GetStringAsync(new Uri($"/a?b=1&PARTNER={key.Reveal()}", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Contains(key.Reveal(), answer, StringComparison.Ordinal);
        var end = (await host.StopAndReadRequestsAsync())[1];
        Assert.Equal("{\"sent\":\"[credential]\"}", end.GetProperty("bodyOut").GetProperty("text").GetString());
        Assert.DoesNotContain(key.Reveal(), host.ReadText(), StringComparison.Ordinal);
    }
}
