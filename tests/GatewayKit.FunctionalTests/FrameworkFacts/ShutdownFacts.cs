using System.Net;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace GatewayKit.FunctionalTests.FrameworkFacts;

/// <summary>In which order a host stops, and how Kestrel lets go of connections.</summary>
public sealed class ShutdownFacts
{
    /// <summary>Why the host can serve on while balancers look elsewhere.</summary>
    [Fact]
    public async Task Stopping_step_comes_before_the_server_stops()
    {
        var step = new Step(static async (host, cancellationToken) =>
        {
            using var answer = await host.Client.GetAsync("/", cancellationToken);
            return $"{(int)answer.StatusCode}, stopping {host.App.Lifetime.ApplicationStopping.IsCancellationRequested}";
        });
        await using var host = await StartAsync(step);
        await host.App.StopAsync();

        // Stopped from code, the step even comes before ApplicationStopping; a signal sets that first.
        Assert.Equal("200, stopping False", await step.Seen);
    }

    [Fact]
    public async Task Signal_is_told_before_the_stopping_step()
    {
        var step = new Step(static (host, _) => Task.FromResult($"stopping {host.App.Lifetime.ApplicationStopping.IsCancellationRequested}"));
        await using var host = await StartAsync(step);
        host.App.Lifetime.StopApplication();
        await host.App.WaitForShutdownAsync();
        Assert.Equal("stopping True", await step.Seen);
    }

    /// <summary>Why the delay has to be shorter than the time to stop.</summary>
    [Fact]
    public async Task Stopping_step_counts_against_the_time_to_stop()
    {
        var step = new Step(static async (_, token) =>
        {
            await Task.Delay(Timeout.Infinite, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return "given up";
        });
        await using var host = await StartAsync(step, TimeSpan.FromMilliseconds(100));
        await host.App.StopAsync().WaitAsync(RawConnection.Limit);
        Assert.Equal("given up", await step.Seen);
    }

    /// <summary>Why it is said with an answer, and not to every connection at once: under an idle one a request may be on its way.</summary>
    [Fact]
    public async Task Request_to_close_ends_a_connection_of_http1_with_its_answer()
    {
        await using var host = await Upstream.StartAsync(static context =>
        {
            context.Features.Get<IConnectionLifetimeNotificationFeature>()!.RequestClose();
            return context.Response.WriteAsync("ok");
        });
        using var client = await RawConnection.ConnectAsync(host.Address);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.EndsWith("ok", (await client.ReadToEndAsync()).TrimEnd('\r', '\n', '0'));
    }

    /// <summary>Streams that are open go on; the client opens new ones elsewhere.</summary>
    [Fact]
    public async Task Request_to_close_lets_open_streams_of_http2_go_on()
    {
        var release = new TaskCompletionSource();
        await using var host = await Upstream.StartAsync(
            async context =>
            {
                if (context.Request.Path == "/close")
                {
                    context.Features.Get<IConnectionLifetimeNotificationFeature>()!.RequestClose();
                }
                else if (context.Request.Path == "/slow")
                {
                    await context.Response.Body.FlushAsync();
                    await release.Task;
                }

                await context.Response.WriteAsync(context.Connection.Id);
            },
            HttpProtocols.Http2);
        using var slow = await host.Client.SendAsync(Get("/slow"), HttpCompletionOption.ResponseHeadersRead);
        using var close = await host.Client.SendAsync(Get("/close"));
        var first = await close.Content.ReadAsStringAsync();
        string next;
        do
        {
            // The client may see GOAWAY a moment after the answer.
            using var after = await host.Client.SendAsync(Get("/"));
            next = await after.Content.ReadAsStringAsync();
        }
        while (next == first);

        release.SetResult();
        Assert.Equal(first, await slow.Content.ReadAsStringAsync());
    }

    private static HttpRequestMessage Get(string path) => new(HttpMethod.Get, path) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };

    private static async Task<TestHost> StartAsync(Step step, TimeSpan? shutdown = null)
    {
        var host = await TestHost.StartAsync(
            builder =>
            {
                builder.Services.AddSingleton<IHostedService>(step);
                builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = shutdown ?? RawConnection.Limit);
            },
            static app => Microsoft.AspNetCore.Builder.RunExtensions.Run(app, static context => context.Response.WriteAsync("ok")));
        step.Host = host;
        return host;
    }

    private sealed class Step(Func<TestHost, CancellationToken, Task<string>> look) : IHostedLifecycleService
    {
        private readonly TaskCompletionSource<string> _seen = new();

        public TestHost? Host { get; set; }

        public Task<string> Seen => _seen.Task.WaitAsync(RawConnection.Limit);

        public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public async Task StoppingAsync(CancellationToken cancellationToken)
        {
            // Disposing the host stops it again.
            if (!_seen.Task.IsCompleted)
            {
                _seen.TrySetResult(await look(Host!, cancellationToken));
            }
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
