using System.Text.Json;
using GatewayKit.Auditing;
using GatewayKit.Forwarding;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.FunctionalTests.Auditing;

/// <summary>What an end says of endpoints of the host that fail: whether the client had a part of an answer, all of it or none.</summary>
public sealed class AuditOutcomeTests
{
    [Theory]
    [InlineData("/fails", "truncated")]
    [InlineData("/cancels", "truncated")]
    [InlineData("/excluded", "truncated")]
    [InlineData("/outside", "truncated")]
    public async Task Answer_that_breaks_off_is_recorded_as_truncated_however_its_endpoint_failed(string path, string outcome)
    {
        await using var host = await AuditedHost.StartAsync(
            map: static app =>
            {
                // Throws at once, and not into a task.
                app.Use(static next => context =>
                {
                    if (context.Request.Path != "/outside")
                    {
                        return next(context);
                    }

                    _ = context.Response.WriteAsync("part");
                    throw new InvalidOperationException("It does not work.");
                });
                app.Map("/fails", static context => WriteAndThrowAsync(context, new InvalidOperationException("It does not work."))).WithAuditing();
                app.Map("/cancels", static context => WriteAndThrowAsync(context, new OperationCanceledException())).WithAuditing();
                app.Map("/excluded", static context => WriteAndThrowAsync(context, new InvalidOperationException("It does not work."))).WithAuditing();
            },
            journal: static options => options with { ExcludedPaths = ["/excluded"] });
        using (var connection = await RawConnection.ConnectAsync(host.Gateway.Address))
        {
            // It ends without the chunk that would end it.
            var answer = await connection.ExchangeAsync($"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
            Assert.EndsWith("part\r\n", answer, StringComparison.Ordinal);
        }

        Assert.Equal((200, outcome), await EndAsync(host));
    }

    [Fact]
    public async Task Body_that_the_server_refuses_while_a_handler_reads_it_is_recorded_as_denied()
    {
        await using var host = await AuditedHost.StartAsync(map: static app => app.MapPost("/upload", static context => context.Request.Body.CopyToAsync(Stream.Null)).WithAuditing());
        using (var connection = await RawConnection.ConnectAsync(host.Gateway.Address))
        {
            await connection.SendAsync("POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nnone\r\n");
            Assert.StartsWith("HTTP/1.1 400 ", await connection.ReadHeadAsync(), StringComparison.Ordinal);
        }

        Assert.Equal((400, "denied"), await EndAsync(host));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Handler_that_forwards_and_then_throws_is_recorded_as_an_error(bool isHandled)
    {
        await using var host = await AuditedHost.StartAsync(map: app =>
        {
            if (isHandled)
            {
                app.UseExceptionHandler(static page => page.Run(static context => context.Response.WriteAsync("oops")));
                app.UseRouting();
            }

            app.MapGet("/report", static async Task<IResult> (HttpContext context, Forwarder forwarder) =>
            {
                await forwarder.ForwardToClusterAsync(context, "up");
                throw new InvalidOperationException("It does not work.");
            }).WithAuditing();
        });
        using var answer = await host.Client.GetAsync(new Uri("/report", UriKind.Relative));
        Assert.Equal(500, (int)answer.StatusCode);
        Assert.Equal((500, "error"), await EndAsync(host));
    }

    [Theory]
    [InlineData("POST", "/stop")]
    [InlineData("HEAD", "/report")]
    public async Task Length_that_only_a_head_announces_is_not_recorded(string method, string path)
    {
        await using var host = await AuditedHost.StartAsync(map: static app =>
        {
            app.Use(static (context, next) =>
            {
                if (context.Request.Path != "/stop")
                {
                    return next(context);
                }

                context.Response.StatusCode = 403;
                return Task.CompletedTask;
            });
            app.MapPost("/stop", static () => "x").WithAuditing();
            app.MapMethods("/report", ["HEAD"], static context =>
            {
                context.Response.ContentLength = 1_000;
                return Task.CompletedTask;
            }).WithAuditing();
        });
        using (var connection = await RawConnection.ConnectAsync(host.Gateway.Address))
        {
            await connection.SendAsync($"{method} {path} HTTP/1.1\r\nHost: a\r\n{(method is "POST" ? "Content-Length: 10000000000\r\n" : string.Empty)}\r\n");
            await connection.ReadHeadAsync();
        }

        var end = Assert.Single(await host.StopAndReadRequestsAsync(), static line => line.GetProperty("kind").GetString() is "end");
        Assert.False(end.TryGetProperty("bin", out _) || end.TryGetProperty("bout", out _));
    }

    [Fact]
    public async Task Fallback_that_answers_is_recorded_and_its_bytes_are_not_those_of_the_attempt_that_failed()
    {
        await using var host = await AuditedHost.StartAsync(
            static context =>
            {
                context.Response.StatusCode = 503;
                return context.Response.WriteAsync("out of order");
            },
            static app => app.MapGatewayRoute("/{**rest}", cluster: "up").WithAuditing().WithFallback(new() { OnFailure = new() { Statuses = [503] }, Answer = new() { Body = "instead" } }));
        using var answer = await host.Client.GetAsync(new Uri("/a", UriKind.Relative));
        Assert.Equal("instead", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        var end = Assert.Single(await host.StopAndReadRequestsAsync(), static line => line.GetProperty("kind").GetString() is "end");
        Assert.Equal("answer", end.GetProperty("fallback").GetString());
        Assert.False(end.TryGetProperty("bout", out _));
    }

    private static async Task WriteAndThrowAsync(HttpContext context, Exception exception)
    {
        await context.Response.WriteAsync("part");
        await context.Response.Body.FlushAsync();
        throw exception;
    }

    private static async Task<(int Status, string? Outcome)> EndAsync(AuditedHost host)
    {
        var end = Assert.Single(await host.StopAndReadRequestsAsync(), static line => line.GetProperty("kind").GetString() is "end");
        return (end.GetProperty("st").GetInt32(), end.GetProperty("outcome").GetString());
    }
}
