using System.Text;
using System.Text.Json;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.FunctionalTests.Transforms;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.FunctionalTests.Identity.TowardsDestinations;

/// <summary>A gateway with policies in JSON on one route, in front of a destination that tells what it got.</summary>
internal sealed class CredentialedGateway(TestHost upstream, TestHost gateway, FakeTimeProvider time) : IAsyncDisposable
{
    public HttpClient Client => gateway.Client;

    public Uri Address => gateway.Address;

    public WebApplication App => gateway.App;

    public FakeTimeProvider Time => time;

    /// <summary>Starts both. Secrets are at <c>config:Secrets:…</c>.</summary>
    /// <param name="policies">The policies of the route.</param>
    /// <param name="answer">The destination. Default: it tells what it got.</param>
    /// <param name="build">Changes the gateway's host.</param>
    /// <param name="cluster">More of the cluster.</param>
    /// <param name="protocols">What both sides speak.</param>
    /// <param name="configure">Before the endpoints of the gateway.</param>
    public static async Task<CredentialedGateway> StartAsync(
        string policies, RequestDelegate? answer = null, Action<WebApplicationBuilder>? build = null, string cluster = "", HttpProtocols protocols = HttpProtocols.Http1, Action<WebApplication>? configure = null)
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        var upstream = await Hosting.Upstream.StartAsync(answer ?? TransformedGateway.TellAsync, protocols);
        try
        {
            var gateway = await TestHost.StartAsync(
                builder =>
                {
                    builder.Services.AddSingleton<TimeProvider>(time);
                    builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Secrets:Client"] = "s3cr:et +%", ["Secrets:Key"] = "k-1", ["Secrets:Empty"] = "" });
                    builder.Configuration.AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes($$"""
                        { "Gateway": {
                          "Clusters": { "up": { "Destinations": { "a": { "Address": "{{upstream.Address}}" } } {{cluster}} } },
                          "Routes": { "all": { "Match": { "Path": "/{**rest}" }, "Cluster": "up", {{policies}} } } } }
                        """)));
                    builder.Services.AddApiGateway();
                    build?.Invoke(builder);
                },
                app =>
                {
                    configure?.Invoke(app);
                    app.MapGatewayRoutes();
                },
                protocols);
            return new(upstream, gateway, time);
        }
        catch
        {
            await upstream.DisposeAsync();
            throw;
        }
    }

    /// <summary>Sends a request and returns what the destination got, or what it was refused with.</summary>
    public async Task<TransformedGateway.Seen> SendAsync(HttpMethod? method = null, HttpContent? content = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, "/x") { Content = content };
        foreach (var (name, value) in headers)
        {
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        }

        using var response = await Client.SendAsync(request);
        var body = await response.Content.ReadAsStringAsync();
        return new((int)response.StatusCode, response.IsSuccessStatusCode ? JsonSerializer.Deserialize<Dictionary<string, string>>(body)! : new() { ["body"] = body });
    }

    public Task<TransformedGateway.Seen> SendAsync(params (string Name, string Value)[] headers) => SendAsync(null, null, headers);

    /// <summary>Lets time pass in steps that everything that waits for it can follow, until something is done.</summary>
    /// <param name="task">What is to be done.</param>
    /// <param name="step">How long a step is; the clock then runs so much in 5 ms. Default: 100 ms.</param>
    public Task PassUntilAsync(Task task, TimeSpan? step = null) => UntilAsync(() =>
    {
        time.Advance(step ?? TimeSpan.FromMilliseconds(100));
        return task.IsCompleted;
    });

    /// <summary>Waits for what happens beside the requests.</summary>
    public static async Task UntilAsync(Func<bool> holds)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!holds())
        {
            await Task.Delay(5, limit.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        // Polly waits by the clock for what is under way.
        await PassUntilAsync(gateway.DisposeAsync().AsTask());
        await upstream.DisposeAsync();
    }
}
