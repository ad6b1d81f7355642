using System.Net;
using System.Text.Json;
using GatewayKit.Auditing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.FunctionalTests.Auditing;

/// <summary>Pages that take the place of an answer, and middleware that moves paths: the record is that of what the client asked for.</summary>
public sealed class AuditedPageTests
{
    public static MatrixTheoryData<bool, AuditScope> Pages => new([true, false], [AuditScope.Host, AuditScope.Gateway]);

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Refusal_by_middleware_is_recorded_as_of_its_endpoint_whatever_page_tells_of_it(bool isPageRecorded, AuditScope scope)
    {
        await using var host = await StartAsync(
            app =>
            {
                app.UseStatusCodePagesWithReExecute("/page/{0}");
                app.UseRouting();
                app.Use(static (context, next) =>
                {
                    if (context.Request.Path != "/orders/17")
                    {
                        return next(context);
                    }

                    context.Response.StatusCode = 403;
                    return Task.CompletedTask;
                });
                Page(app.MapGet("/page/{status}", static (string status) => $"page {status}"), isPageRecorded);
            },
            scope);
        await AskAsync(host, "/orders/17", HttpStatusCode.Forbidden);
        await AssertOneAsync(host, "/orders/{id}", "/orders/17", 403, "denied");
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Exception_of_middleware_is_recorded_as_of_its_endpoint_whatever_page_tells_of_it(bool isPageRecorded, AuditScope scope)
    {
        await using var host = await StartAsync(
            app =>
            {
                app.UseExceptionHandler("/page/500");
                app.UseRouting();
                app.Use(static (context, next) => context.Request.Path == "/orders/17" ? throw new InvalidOperationException("It does not work.") : next(context));
                Page(app.MapGet("/page/{status}", static (string status) => $"page {status}"), isPageRecorded);
            },
            scope);
        await AskAsync(host, "/orders/17", HttpStatusCode.InternalServerError);
        await AssertOneAsync(host, "/orders/{id}", "/orders/17", 500, "error");
    }

    [Theory]
    [InlineData(AuditScope.Host)]
    [InlineData(AuditScope.Gateway)]
    public async Task What_nothing_serves_is_recorded_as_such_whatever_page_tells_of_it(AuditScope scope)
    {
        await using var host = await StartAsync(
            static app =>
            {
                app.UseStatusCodePagesWithReExecute("/page/{0}");
                app.UseRouting();
                app.MapGet("/page/{status}", static (string status) => $"page {status}");
            },
            scope);
        await AskAsync(host, "/nothing", HttpStatusCode.NotFound);
        await AssertOneAsync(host, null, "/nothing", 404, "unmatched");
    }

    [Fact]
    public async Task Path_of_what_nothing_serves_is_recorded_as_it_came()
    {
        await using var host = await StartAsync(
            static app =>
            {
                // As the middleware for rewriting does.
                app.Use(static (context, next) =>
                {
                    context.Request.Path = "/moved";
                    return next(context);
                });
                app.UseRouting();
            },
            AuditScope.Gateway);
        await AskAsync(host, "/shop/nothing", HttpStatusCode.NotFound);
        await AssertOneAsync(host, null, "/shop/nothing", 404, "unmatched");
    }

    // Routing answers these by endpoints of its own.
    [Theory]
    [InlineData("GET", "/upload", 405, AuditScope.Host)]
    [InlineData("GET", "/upload", 405, AuditScope.Gateway)]
    [InlineData("POST", "/upload", 415, AuditScope.Host)]
    [InlineData("POST", "/upload", 415, AuditScope.Gateway)]
    public async Task Method_or_content_that_nothing_takes_is_recorded_as_matching_nothing(string method, string path, int status, AuditScope scope)
    {
        await using var host = await StartAsync(static app => app.MapPost("/upload", static () => "x").Accepts<string>("application/json").WithAuditing(), scope);
        using var request = new HttpRequestMessage(new(method), path) { Content = method is "POST" ? new StringContent("text") : null };
        using var answer = await host.Client.SendAsync(request);
        Assert.Equal(status, (int)answer.StatusCode);
        await AssertOneAsync(host, null, path, status, "unmatched");
    }

    private static Task<AuditedHost> StartAsync(Action<WebApplication> map, AuditScope scope) => AuditedHost.StartAsync(
        map: app =>
        {
            map(app);
            app.MapGatewayRoute("/orders/{id}", cluster: "up").WithAuditing(new AuditPolicy { Path = AuditPath.Canonical });
        },
        journal: options => options with { Scope = scope });

    private static void Page(RouteHandlerBuilder page, bool isRecorded)
    {
        if (isRecorded)
        {
            page.WithName("page").WithAuditing();
        }
    }

    private static async Task AskAsync(AuditedHost host, string path, HttpStatusCode expected)
    {
        using var answer = await host.Client.GetAsync(new Uri(path, UriKind.Relative));
        Assert.Equal(expected, answer.StatusCode);
    }

    private static async Task AssertOneAsync(AuditedHost host, string? route, string path, int status, string outcome)
    {
        var lines = await host.StopAndReadRequestsAsync();
        Assert.Equal(["begin", "end"], lines.Select(static line => Text(line, "kind")));
        Assert.Equal((route, path, status, outcome), (Text(lines[0], "route"), Text(lines[0], "path"), lines[1].GetProperty("st").GetInt32(), Text(lines[1], "outcome")));
    }

    private static string? Text(JsonElement line, string name) => line.TryGetProperty(name, out var value) ? value.GetString() : null;
}
