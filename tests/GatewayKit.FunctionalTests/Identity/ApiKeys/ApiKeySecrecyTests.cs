using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text;
using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Identity.ApiKeys;
using GatewayKit.Identity.Consumers;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GatewayKit.FunctionalTests.Identity.ApiKeys;

/// <summary>Secrets that stand in no log, metric, trace, answer, dump or request to a destination, however the request goes.</summary>
public sealed class ApiKeySecrecyTests
{
    [Fact]
    public async Task Secrets_are_nowhere_to_be_found()
    {
        var keys = Enumerable.Range(0, 60).Select(static _ => ApiKey.Create()).ToArray();
        var written = new Sink();
        using var meters = Listen(written);
        using var traces = Trace(written);
        await using var upstream = await Upstream.StartAsync(async context =>
        {
            written.Add($"upstream: {context.Request.Method} {context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget} {string.Join('\n', context.Request.Headers.Select(static field => $"{field.Key}: {field.Value}"))}");
            await Microsoft.AspNetCore.Http.HttpResponseWritingExtensions.WriteAsync(context.Response, "served");
        });
        var store = new StoredConsumers();
        await using var gateway = await TestHost.StartAsync(
            builder =>
            {
                builder.Logging.SetMinimumLevel(LogLevel.Trace).AddProvider(written);

                // The framework writes whole addresses before any endpoint runs, which the docs say; all else is the gateway's.
                builder.Logging.AddFilter((category, _) => category?.StartsWith("GatewayKit", StringComparison.Ordinal) is true || category?.StartsWith("System", StringComparison.Ordinal) is true);
                builder.Services.AddSingleton(store);
                builder.Services.AddApiGateway()
                    .AddConsumerStore<StoredConsumers>()
                    .AddCluster("up", upstream.Address.ToString())
                    .AddConsumers([new Consumer { Id = "acme", Keys = [keys[0].ToStored() with { Scopes = ["read"] }, keys[1].ToStored(), keys[2].ToStored() with { IsRevoked = true }, keys[3].ToStored() with { ExpiresAt = DateTimeOffset.UnixEpoch }] }]);
            },
            static app =>
            {
                app.MapGatewayRoute("/header/{**rest}", cluster: "up").RequireApiKey("read");
                app.MapGatewayRoute("/bearer/{**rest}", cluster: "up").RequireApiKey(new ApiKeyPolicy { Header = "Authorization" });
                app.MapGatewayRoute("/query/{**rest}", cluster: "up").RequireApiKey(new ApiKeyPolicy { QueryParameter = "key" });
                app.MapGatewayRoute("/any/{**rest}", cluster: "up").RequireAnyOf(new ApiKeyPolicy(), new ApiKeyPolicy { Header = "X-Other-Key" });
                app.MapGatewaySelfService().RequireApiKey();
                app.MapGet("/fails", static string () => throw new InvalidOperationException("on purpose")).RequireApiKey();
            });
        for (var i = 0; i < keys.Length; i++)
        {
            store.IsAway = i > 40;
            var key = keys[i].Reveal();
            await AskAsync("/header/a", "X-Api-Key", key);
            await AskAsync("/header/a", "X-Api-Key", $"{key}, {key}");
            await AskAsync("/header/a", "X-Api-Key", key[..^1]);
            await AskAsync("/bearer/a", "Authorization", $"Bearer {key}");
            await AskAsync($"/query/a?key={key}&b=1");
            await AskAsync("/any/a", "X-Api-Key", key, "X-Other-Key", keys[(i + 1) % keys.Length].Reveal());
            await AskAsync("/fails", "X-Api-Key", key);
            await AskAsync("/me", "X-Api-Key", key);
        }

        var services = gateway.App.Services;
        written.Add($"configuration: {services.GetRequiredService<GatewayConfigurationWriter>().Write(services.GetRequiredService<GatewayConfigurator>().Current)}");
        written.Add($"pipelines: {string.Join('\n', services.GetRequiredService<GatewayInspector>().Pipelines.Select(static pipeline => pipeline.Describe()))}");
        written.Add(string.Join('\n', keys.Select(static key => $"{key} {key.ToStored()}")));
        Assert.Contains("upstream: GET /query/a?b=1", written.Text, StringComparison.Ordinal);
        Assert.All(keys, key => Assert.DoesNotContain(key.Reveal().Split('_')[3], written.Text, StringComparison.Ordinal));

        async Task AskAsync(string path, params string[] fields)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            for (var i = 0; i < fields.Length; i += 2)
            {
                request.Headers.TryAddWithoutValidation(fields[i], fields[i + 1]);
            }

            using var response = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
            written.Add($"answer: {response} {await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}");
        }
    }

    private static MeterListener Listen(Sink written)
    {
        var listener = new MeterListener { InstrumentPublished = static (instrument, listener) => listener.EnableMeasurementEvents(instrument) };
        listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => written.Add($"{instrument.Name} {string.Join(' ', tags.ToArray())}"));
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => written.Add($"{instrument.Name} {string.Join(' ', tags.ToArray())}"));
        listener.Start();
        return listener;
    }

    private static ActivityListener Trace(Sink written)
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name.StartsWith("GatewayKit", StringComparison.Ordinal),
            Sample = static (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity => written.Add($"{activity.DisplayName} {string.Join(' ', activity.TagObjects)}"),
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    private sealed class Sink : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<string> _lines = new();

        public string Text => new StringBuilder().AppendJoin('\n', _lines).ToString();

        public void Add(string line) => _lines.Enqueue(line);

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            Add($"scope: {state}");
            return null;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Add($"{formatter(state, exception)} {exception} {(state is IEnumerable<KeyValuePair<string, object?>> values ? string.Join(' ', values) : null)}");

        public void Dispose()
        {
        }
    }
}
