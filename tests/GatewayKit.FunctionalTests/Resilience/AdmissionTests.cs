using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using GatewayKit.Clusters;
using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using GatewayKit.Resilience.Admission;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace GatewayKit.FunctionalTests.Resilience;

/// <summary>Clusters and endpoints that fail are sent fewer requests.</summary>
public sealed class AdmissionTests
{
    private int _served;
    private int _status = StatusCodes.Status500InternalServerError;

    // Every draw is 0: whoever may be held back is.
    private static readonly Func<double> Always = static () => 0;

    private static readonly AdmissionPolicy Settings = new() { MinRequestRate = 0.1 };

    [Fact]
    public async Task Cluster_that_fails_is_sent_a_part()
    {
        await using var upstream = await Upstream.StartAsync(AnswerAsync);
        await using var gateway = await StartAsync(upstream, Settings);
        using var counts = new CountedTags(gateway, "gatewaykit.admission.shed");
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(HttpStatusCode.InternalServerError, await AskAsync(gateway));
        }

        using var refused = await gateway.Client.GetAsync("/", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 5);
        Assert.Equal("overloaded", (await refused.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken)).GetProperty("code").GetString());
        Assert.Equal(3, _served);
        Assert.Equal(["refused"], counts.Of("gatewaykit.outcome"));
    }

    [Theory]
    [InlineData(200)]
    [InlineData(404)]
    [InlineData(429)]
    public async Task What_is_no_failure_holds_nobody_back(int status)
    {
        _status = status;
        await using var upstream = await Upstream.StartAsync(AnswerAsync);
        await using var gateway = await StartAsync(upstream, Settings);
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(status, (int)await AskAsync(gateway));
        }
    }

    [Fact]
    public async Task Destination_that_cannot_be_reached_counts()
    {
        await using var gateway = await StartAsync(new Uri("http://127.0.0.1:1/"), Settings);
        Assert.Equal([HttpStatusCode.BadGateway, HttpStatusCode.BadGateway, HttpStatusCode.BadGateway, HttpStatusCode.ServiceUnavailable], [await AskAsync(gateway), await AskAsync(gateway), await AskAsync(gateway), await AskAsync(gateway)]);
    }

    [Fact]
    public async Task Shadow_sends_everyone_and_counts_whom_it_would_hold_back()
    {
        await using var upstream = await Upstream.StartAsync(AnswerAsync);
        await using var gateway = await StartAsync(upstream, Settings with { Mode = PolicyMode.Shadow });
        using var counts = new CountedTags(gateway, "gatewaykit.admission.shed");
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(HttpStatusCode.InternalServerError, await AskAsync(gateway));
        }

        Assert.Equal(5, _served);
        Assert.Equal(["would_refuse", "would_refuse"], counts.Of("gatewaykit.outcome"));
    }

    [Theory]
    [InlineData("14", 503)]
    [InlineData("5", 200)]
    [InlineData("0", 200)]
    public async Task Call_of_gRPC_says_in_its_trailers_how_it_went(string status, int afterwards)
    {
        await using var upstream = await Upstream.StartAsync(
            async context =>
            {
                context.Response.ContentType = "application/grpc";
                await context.Response.Body.WriteAsync(new byte[] { 0, 0, 0, 0, 0 });
                context.Response.AppendTrailer("grpc-status", status);
            },
            HttpProtocols.Http2);
        await using var gateway = await StartAsync(upstream, Settings, HttpProtocols.Http2, static cluster => cluster with
        {
            Http = new() { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact },
        });
        for (var i = 0; i < 3; i++)
        {
            using var answer = await CallAsync(gateway);
            await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        }

        using var last = await CallAsync(gateway);

        // A refusal of a call is a status of gRPC.
        Assert.Equal(afterwards == 200, !last.Headers.Contains("grpc-status"));
    }

    [Fact]
    public async Task Endpoint_that_fails_is_sent_a_part()
    {
        await using var gateway = await TestHost.StartAsync(
            static builder => Draw(builder.Services.AddApiGateway()),
            app => app.MapGet("/", AnswerAsync).WithAdmissionControl(Settings));
        using var counts = new CountedTags(gateway, "gatewaykit.policy.refusals");
        HttpStatusCode[] answers = [await AskAsync(gateway), await AskAsync(gateway), await AskAsync(gateway), await AskAsync(gateway)];
        Assert.Equal([HttpStatusCode.InternalServerError, HttpStatusCode.InternalServerError, HttpStatusCode.InternalServerError, HttpStatusCode.ServiceUnavailable], answers);
        Assert.Equal(3, _served);
        Assert.Equal(["admission-shed"], counts.Of("gatewaykit.cause"));
    }

    [Theory]
    [InlineData("""{ "Window": "00:00:00.5" }""", "Window", "from 00:00:01 to 00:10:00")]
    [InlineData("""{ "MaxRejectPercent": 100 }""", "MaxRejectPercent", "from 1 to 95")]
    [InlineData("""{ "EnforcePercent": 5 }""", "EnforcePercent", "a cluster does not know callers")]
    public async Task Mistake_stops_the_start_and_names_its_path(string admission, string key, string words)
    {
        var error = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.GatewayAsync($$"""{ "Clusters": { "c": { "Admission": {{admission}} } } }"""));
        var one = Assert.Single(error.Errors);
        Assert.Equal($"Gateway:Clusters:c:Admission:{key}", one.Path);
        Assert.Contains(words, one.Message, StringComparison.Ordinal);
    }

    private static Task<TestHost> StartAsync(
        TestHost upstream, AdmissionPolicy settings, HttpProtocols protocols = HttpProtocols.Http1, Func<Cluster, Cluster>? change = null) =>
        StartAsync(upstream.Address, settings, protocols, change);

    private static Task<TestHost> StartAsync(Uri upstream, AdmissionPolicy settings, HttpProtocols protocols = HttpProtocols.Http1, Func<Cluster, Cluster>? change = null) =>
        Upstream.GatewayToAsync(
            upstream, cluster => (change?.Invoke(cluster) ?? cluster) with { Admission = settings, CircuitBreaker = new() { Mode = PolicyMode.Off } }, Draw, protocols);

    // Three failures in the window of 30 s are the rate at which it begins.
    private static void Draw(GatewayBuilder builder) =>
        builder.Services.Replace(ServiceDescriptor.Singleton(static provider => new Admissions(provider.GetRequiredService<TimeProvider>(), Always)));

    private static async Task<HttpStatusCode> AskAsync(TestHost gateway)
    {
        using var answer = await gateway.Client.GetAsync("/", TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }

    private static Task<HttpResponseMessage> CallAsync(TestHost gateway)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/a.B/C")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent([0, 0, 0, 0, 0]) { Headers = { { "Content-Type", "application/grpc" } } },
        };
        request.Headers.TE.Add(new("trailers"));
        return gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private Task AnswerAsync(HttpContext context)
    {
        Interlocked.Increment(ref _served);
        context.Response.StatusCode = _status;
        return Task.CompletedTask;
    }
}
