using System.Net;
using GatewayKit.Diagnostics;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GatewayKit.FunctionalTests.Identity.Schemes;

/// <summary>What the host's own authorization refuses is seen, and stays what it is.</summary>
public sealed class HostRefusalTests
{
    [Theory]
    [InlineData("/own", null, 401, "unauthenticated")]
    [InlineData("/own", "Word client_id=acme", 403, "forbidden")]
    [InlineData("/route", null, 401, "unauthenticated")]
    [InlineData("/route", "Word client_id=acme", 403, "forbidden")]
    public async Task Refusal_by_the_middleware_is_told_to_observers_and_log(string path, string? authorization, int status, string code)
    {
        var observer = new Seen();
        using var log = new LogRecorder();
        await using var gateway = await StartAsync(observer, log, static _ => { });
        using var response = await SendAsync(gateway, path, authorization);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(status == 401 ? "Word realm=\"words\"" : "", response.Headers.WwwAuthenticate.ToString());
        Assert.Equal([$"{path.TrimStart('/')} {status} {code} False"], await observer.TakeAsync(1));
        Assert.Contains($"HostAuthorization refused a request on {path.TrimStart('/')}: {code}.", log.All.Select(static entry => entry.Message));
    }

    [Fact]
    public async Task Request_that_both_let_through_is_told_once()
    {
        var observer = new Seen();
        await using var gateway = await StartAsync(observer, null, static _ => { });
        using var response = await SendAsync(gateway, "/own", "Word client_id=acme;may=yes");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(["own 200  True"], await observer.TakeAsync(1));
    }

    [Fact]
    public async Task Endpoint_without_a_pipeline_is_left_alone()
    {
        var observer = new Seen();
        await using var gateway = await StartAsync(observer, null, static _ => { });
        using var response = await SendAsync(gateway, "/plain", null);
        using var next = await SendAsync(gateway, "/own", null);
        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized), (response.StatusCode, next.StatusCode));
        Assert.Equal(["own 401 unauthenticated False"], await observer.TakeAsync(1));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_result_handler_of_the_host_keeps_the_word(bool isInstance)
    {
        var observer = new Seen();
        await using var gateway = await StartAsync(observer, null, services =>
        {
            _ = isInstance ? services.AddSingleton<IAuthorizationMiddlewareResultHandler>(new TeapotHandler()) : services.AddTransient<IAuthorizationMiddlewareResultHandler, TeapotHandler>();
        });
        using var response = await SendAsync(gateway, "/own", null);
        Assert.Equal(418, (int)response.StatusCode);
        Assert.Equal(["own 418 unauthenticated False"], await observer.TakeAsync(1));
        using var passed = await SendAsync(gateway, "/own", "Word client_id=acme");
        Assert.Equal(200, (int)passed.StatusCode);
        Assert.Equal(["own 200  True"], await observer.TakeAsync(1));
    }

    private static Task<TestHost> StartAsync(Seen observer, LogRecorder? log, Action<IServiceCollection> before) => TestHost.StartAsync(
        builder =>
        {
            if (log is not null)
            {
                builder.Logging.AddProvider(log).SetMinimumLevel(LogLevel.Trace);
            }

            builder.Services.AddWords("Word");
            before(builder.Services);
            builder.Services.AddApiGateway().Services.AddSingleton<IGatewayObserver>(observer);
            builder.Services.AddAuthorization(static options => options.AddPolicy("may", static policy => policy.RequireClaim("may")));
        },
        static app =>
        {
            app.UseAuthentication();
            app.UseAuthorization();
            app.MapGet("/own", static () => "own").WithName("own").RequireAuthorization("may").RequireIdentity();
            app.MapGatewayRoute(new GatewayKit.Routing.GatewayRoute { Id = "route", Match = new() { Path = "/route" }, Respond = new() }).RequireAuthorization("may").RequireIdentity();
            app.MapGet("/plain", static () => "plain").RequireAuthorization("may");
        });

    private static Task<HttpResponseMessage> SendAsync(TestHost gateway, string path, string? authorization)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        return gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private sealed class Seen : IGatewayObserver
    {
        private readonly System.Threading.Channels.Channel<string> _seen = System.Threading.Channels.Channel.CreateUnbounded<string>();

        public void RequestCompleted(GatewayContext context) =>
            _seen.Writer.TryWrite($"{context.Endpoint.RouteId} {context.HttpContext.Response.StatusCode} {context.Reason} {context.Decisions.Count > 0}");

        public async Task<string[]> TakeAsync(int count)
        {
            var taken = new string[count];
            for (var i = 0; i < count; i++)
            {
                taken[i] = await _seen.Reader.ReadAsync(TestContext.Current.CancellationToken);
            }

            Assert.False(_seen.Reader.TryRead(out _));
            return taken;
        }
    }

    private sealed class TeapotHandler : IAuthorizationMiddlewareResultHandler
    {
        public Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
        {
            if (authorizeResult.Challenged)
            {
                context.Response.StatusCode = 418;
                return Task.CompletedTask;
            }

            return next(context);
        }
    }
}
