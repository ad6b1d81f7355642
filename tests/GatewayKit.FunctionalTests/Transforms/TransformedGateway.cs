using System.Text.Json;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Transforms;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.FunctionalTests.Transforms;

/// <summary>A gateway with transforms on one route, in front of a destination that tells what it got.</summary>
internal sealed class TransformedGateway(TestHost upstream, TestHost gateway) : IAsyncDisposable
{
    public HttpClient Client => gateway.Client;

    public Uri Upstream => upstream.Address;

    public static async Task<TransformedGateway> StartAsync(string path, Action<TransformSteps> steps, Func<HttpContext, Task>? answer = null, string basePath = "")
    {
        var upstream = await Hosting.Upstream.StartAsync(context => (answer ?? TellAsync)(context));
        var gateway = await TestHost.GatewayAsync(
            services: builder => builder.AddCluster("up", upstream.Address.GetLeftPart(UriPartial.Authority) + basePath),
            map: app => app.MapGatewayRoute(path, cluster: "up").WithTransforms(steps));
        return new(upstream, gateway);
    }

    /// <summary>Sends a request and returns what the destination got.</summary>
    public async Task<Seen> SendAsync(string target, HttpMethod? method = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, new Uri(Client.BaseAddress!.GetLeftPart(UriPartial.Authority) + target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        foreach (var (name, value) in headers)
        {
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        }

        using var response = await Client.SendAsync(request);
        return new((int)response.StatusCode, response.IsSuccessStatusCode
            ? JsonSerializer.Deserialize<Dictionary<string, string>>(await response.Content.ReadAsStringAsync())!
            : new() { ["body"] = await response.Content.ReadAsStringAsync() });
    }

    public async ValueTask DisposeAsync()
    {
        await gateway.DisposeAsync();
        await upstream.DisposeAsync();
    }

    /// <summary>Answers with method, raw target and headers, as they came off the wire.</summary>
    public static Task TellAsync(HttpContext context)
    {
        var seen = context.Request.Headers.ToDictionary(static header => header.Key, static header => string.Join(" | ", header.Value.ToArray()), StringComparer.OrdinalIgnoreCase);
        seen["method"] = context.Request.Method;
        seen["target"] = context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget;
        return context.Response.WriteAsync(JsonSerializer.Serialize(seen));
    }

    internal sealed record Seen(int Status, IReadOnlyDictionary<string, string> Values)
    {
        public string? this[string name] =>
            Values.FirstOrDefault(pair => string.Equals(pair.Key, name, StringComparison.OrdinalIgnoreCase)).Value;
    }
}
