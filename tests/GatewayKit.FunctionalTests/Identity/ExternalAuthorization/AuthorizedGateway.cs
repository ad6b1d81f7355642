using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Identity.Consumers;
using GatewayKit.Identity.ExternalAuthorization;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.FunctionalTests.Identity.ExternalAuthorization;

/// <summary>A gateway that asks a service, with a destination behind <c>/route</c> and an endpoint of its own at <c>/own</c>, on a clock of the test's.</summary>
internal sealed class AuthorizedGateway : IAsyncDisposable
{
    private readonly TestHost _upstream, _gateway;

    private AuthorizedGateway(AskedService service, TestHost upstream, TestHost gateway, FakeTimeProvider time) => (Service, _upstream, _gateway, Time) = (service, upstream, gateway, time);

    public AskedService Service { get; }

    public FakeTimeProvider Time { get; }

    public Uri Address => _gateway.Address;

    public HttpClient Client => _gateway.Client;

    public WebApplication App => _gateway.App;

    /// <summary>What handler and destination got.</summary>
    public List<Seen> Served { get; } = [];

    /// <summary>What they answer with beside it.</summary>
    public Action<HttpContext>? Answering { get; set; }

    public Seen Last => Served[^1];

    /// <param name="change">Changes the policy. Default: nothing.</param>
    /// <param name="services">Adds to the gateway.</param>
    /// <param name="rules">More policies, before it.</param>
    /// <param name="protocols">What clients, gateway and destination speak.</param>
    /// <param name="way">Adds the policy. Default: by itself.</param>
    /// <param name="app">More of the gateway's host.</param>
    public static async Task<AuthorizedGateway> StartAsync(
        Func<ExternalAuthorizationPolicy, ExternalAuthorizationPolicy>? change = null, Action<GatewayBuilder>? services = null, Action<RouteGroupBuilder>? rules = null,
        HttpProtocols protocols = HttpProtocols.Http1, Action<RouteGroupBuilder, ExternalAuthorizationPolicy>? way = null, Action<WebApplication>? app = null)
    {
        AuthorizedGateway? self = null;
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        var service = await AskedService.StartAsync();
        var upstream = await TestHost.StartAsync(
            map: app =>
            {
                app.UseWebSockets();
                app.Run(ServeAsync);
            },
            protocols: protocols);
        var gateway = await TestHost.StartAsync(
            builder =>
            {
                builder.Services.AddSingleton<TimeProvider>(time);
                var added = Microsoft.Extensions.DependencyInjection.GatewayServiceCollectionExtensions.AddApiGateway(builder.Services).AddUpstream(upstream.Address, protocols).AddConsumers([new Consumer { Id = "acme", Identities = ["external-authorization/alice"] }]);
                services?.Invoke(added);
            },
            host =>
            {
                host.UseWebSockets();
                app?.Invoke(host);
                var group = host.MapGroup("");
                group.MapGatewayRoute("/route/{**rest}", cluster: "up");
                group.Map("/own/{**rest}", ServeAsync);
                rules?.Invoke(group);
                var policy = new ExternalAuthorizationPolicy { Url = service.Url };
                (way ?? ((endpoints, asked) => endpoints.RequireExternalAuthorization(asked)))(group, change?.Invoke(policy) ?? policy);
            },
            protocols);
        return self = new(service, upstream, gateway, time);

        async Task ServeAsync(HttpContext context)
        {
            using var body = new MemoryStream();
            if (!context.WebSockets.IsWebSocketRequest)
            {
                await context.Request.Body.CopyToAsync(body);
            }

            lock (self!.Served)
            {
                self.Served.Add(new(
                    context.Request.Headers.ToDictionary(static header => header.Key, static header => string.Join(" | ", header.Value.ToArray()), StringComparer.OrdinalIgnoreCase),
                    body.ToArray(),
                    context.Features.Get<GatewayConsumer>()));
            }

            self.Answering?.Invoke(context);
            await AccessTransports.ServeAsync(context);
        }
    }

    /// <summary>Sends a request as it is told.</summary>
    public Task<Answer> AskAsync(string path, params (string Name, string Value)[] fields) => SendAsync(HttpMethod.Get, path, null, fields);

    public async Task<Answer> SendAsync(HttpMethod method, string path, HttpContent? content, params (string Name, string Value)[] fields)
    {
        using var message = new HttpRequestMessage(method, path) { Content = content };
        foreach (var (name, value) in fields)
        {
            Assert.True(message.Headers.TryAddWithoutValidation(name, value));
        }

        using var response = await Client.SendAsync(message, TestContext.Current.CancellationToken);
        return new(
            (int)response.StatusCode,
            response.Headers.NonValidated.ToDictionary(static header => header.Key, static header => string.Join(" | ", header.Value), StringComparer.OrdinalIgnoreCase),
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>Lets time pass in steps that everything that waits for it can follow, until something is done.</summary>
    public async Task PassUntilAsync(Task task, TimeSpan? step = null)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!task.IsCompleted)
        {
            Time.Advance(step ?? TimeSpan.FromMilliseconds(100));
            await Task.Delay(5, limit.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await PassUntilAsync(_gateway.DisposeAsync().AsTask());
        await _upstream.DisposeAsync();
        await Service.DisposeAsync();
    }

    internal sealed record Seen(IReadOnlyDictionary<string, string> Fields, byte[] Body, GatewayConsumer? Consumer)
    {
        public string? this[string name] => Fields.GetValueOrDefault(name);
    }

    internal sealed record Answer(int Status, IReadOnlyDictionary<string, string> Fields, string Body)
    {
        public string? this[string name] => Fields.GetValueOrDefault(name);

        /// <summary>The reason code of the problem.</summary>
        public string? Code => Body.StartsWith('{') ? System.Text.Json.JsonDocument.Parse(Body).RootElement.GetProperty("code").GetString() : null;
    }
}
