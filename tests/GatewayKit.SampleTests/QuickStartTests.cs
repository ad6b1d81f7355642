extern alias QuickStartApp;

using System.Net;
using System.Text.Json.Nodes;
using GatewayKit.Pipeline;
using GatewayKit.Testing;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.SampleTests;

/// <summary>The rules of QuickStart, in process: upstreams in memory, time that moves when told to.</summary>
public sealed class QuickStartTests : IDisposable
{
    private readonly UpstreamInMemory _catalog = new();
    private readonly UpstreamInMemory _orders = new();
    private readonly FakeTimeProvider _time = new();
    private readonly WebApplicationFactory<QuickStartApp::Program> _app;
    private readonly HttpClient _client;
    private readonly DirectoryInfo _journal = Directory.CreateTempSubdirectory("gatewaykit-quickstart-");
    private GatewayRecorder _recorder = null!;

    public QuickStartTests()
    {
        _app = new WebApplicationFactory<QuickStartApp::Program>().WithWebHostBuilder(host => host.ConfigureTestServices(services =>
        {
            // The services that the sample starts at real ports.
            services.Remove(services.Single(static service => service.ImplementationFactory?.Method.Module == typeof(QuickStartApp::Program).Module));
            services.AddSingleton<TimeProvider>(_time);
            services.PostConfigure<GatewayOptions>(options => options.Journal = options.Journal! with { Directory = _journal.FullName });
            _recorder = services.AddApiGateway()
                .UseUpstreamHandler("catalog", () => _catalog)
                .UseUpstreamHandler("orders", () => _orders)
                .RecordDecisions();
        }));
        _client = _app.CreateClient();
    }

    public void Dispose()
    {
        _client.Dispose();
        _app.Dispose();
        _journal.Delete(recursive: true);
        _catalog.Dispose();
        _orders.Dispose();
    }

    [Fact]
    public async Task Own_endpoint_is_served_by_the_app()
    {
        Assert.Contains("own page", await _client.GetStringAsync("/"));
        Assert.Empty(_catalog.Requests);
    }

    [Fact]
    public async Task Catalog_is_asked_without_the_prefix_and_with_the_header_of_the_gateway()
    {
        Assert.Equal("/items/1?color=red", await _client.GetStringAsync("/catalog/items/1?color=red"));
        Assert.Equal(["quick-start"], Assert.Single(_catalog.Requests).Headers.GetValues("X-Gateway"));
    }

    [Fact]
    public async Task Route_in_code_leads_to_the_catalog()
    {
        Assert.Equal("/stock/lamp", await _client.GetStringAsync("/stock/lamp"));
        var request = await _recorder.NextAsync();
        Assert.Equal(("catalog", 1), (request.ClusterId, request.Attempts));
        Assert.Contains(request.DestinationId, new[] { "a", "b", "c" });
        Assert.Equal(PolicyOutcome.Allowed, request.DecisionOf("Throttle").Outcome);
    }

    [Fact]
    public async Task Partner_is_in_the_journal_with_what_it_asked_for()
    {
        var partners = _app.Services.GetRequiredService<QuickStartApp::QuickStart.Partners>();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/partners/items/1") { Headers = { { "X-Api-Key", partners.Acme.Reveal() } } };
        using var answer = await _client.SendAsync(request);
        var id = Assert.Single(answer.Headers.GetValues("X-Request-Id"));
        var (journal, lines) = (string.Empty, Array.Empty<string>());
        for (var i = 0; lines.Length < 2 && i < 2_000; i++)
        {
            // The end is written when the server is done, which the client does not wait for.
            await Task.Delay(10);
            journal = string.Concat(_journal.EnumerateFiles("*.gkal", SearchOption.AllDirectories).Select(Read));
            lines = [.. journal.Split('\n').Where(line => line.Contains(id, StringComparison.Ordinal) && line.EndsWith('}'))];
        }

        Assert.Equal(2, lines.Length);
        Assert.Contains("\"sub\":\"acme\"", lines[0], StringComparison.Ordinal);
        Assert.Contains("\"outcome\":\"ok\"", lines[1], StringComparison.Ordinal);
        Assert.DoesNotContain(partners.Acme.Reveal(), journal, StringComparison.Ordinal);

        static string Read(FileInfo file)
        {
            using var reader = new StreamReader(file.Open(FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
            return reader.ReadToEnd();
        }
    }

    [Fact]
    public async Task Partner_with_the_small_plan_is_refused_while_the_large_one_passes()
    {
        var partners = _app.Services.GetRequiredService<QuickStartApp::QuickStart.Partners>();
        Assert.Equal("200 200 200 429 429", await AskAsync(partners.Globex.Reveal()));
        Assert.Equal("200 200 200 200 200", await AskAsync(partners.Acme.Reveal()));
        Assert.Equal("401 401 401 401 401", await AskAsync("none"));
        Assert.All(_catalog.Requests, static request => Assert.False(request.Headers.Contains("X-Api-Key")));

        async Task<string> AskAsync(string key)
        {
            var answers = new int[5];
            for (var i = 0; i < answers.Length; i++)
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, $"/partners/items/{i}") { Headers = { { "X-Api-Key", key } } };
                using var answer = await _client.SendAsync(request);
                answers[i] = (int)answer.StatusCode;
            }

            return string.Join(' ', answers);
        }
    }

    [Fact]
    public async Task Each_partner_sees_what_is_left_of_its_own_plan()
    {
        var partners = _app.Services.GetRequiredService<QuickStartApp::QuickStart.Partners>();
        using var served = await SendAsync("/partners/items/1", partners.Globex.Reveal());
        var (globex, acme) = (await LookAsync(partners.Globex.Reveal()), await LookAsync(partners.Acme.Reveal()));
        Assert.Equal(("globex", "small", 2, "/partners/{**rest}"), globex);
        Assert.Equal(("acme", "large", 100, "/partners/{**rest}"), acme);

        async Task<(string?, string?, int, string?)> LookAsync(string key)
        {
            using var answer = await SendAsync("/me", key);
            var view = JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
            var general = view["general"]!;
            return ((string?)view["consumer"]!["id"], (string?)general["plan"], (int)general["limits"]![0]!["remaining"]!, (string?)Assert.Single(general["routes"]!.AsArray())!["paths"]![0]);
        }

        async Task<HttpResponseMessage> SendAsync(string path, string key)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { "X-Api-Key", key } } };
            return await _client.SendAsync(request, TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task Orders_are_throttled_after_three_and_again_served_a_second_later()
    {
        for (var i = 1; i <= 3; i++)
        {
            Assert.Equal(HttpStatusCode.OK, await StatusAsync($"/orders/{i}"));
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, await StatusAsync("/orders/4"));
        Assert.Equal(3, _orders.Requests.Count);
        var refused = (await _recorder.NextAsync(4))[3];
        Assert.Equal(("orders", RejectionReason.RateLimited), (refused.RouteId, refused.Reason));

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("/orders/5"));
    }

    [Fact]
    public async Task New_orders_are_not_throttled()
    {
        for (var i = 0; i < 10; i++)
        {
            using var answer = await _client.PostAsync("/orders", new StringContent("{}"));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Own_endpoint_is_throttled_too_and_says_when_to_come_again()
    {
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("/report"));
        using var refused = await _client.GetAsync("/report");
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 2);
    }

    private async Task<HttpStatusCode> StatusAsync(string path)
    {
        using var answer = await _client.GetAsync(path);
        return answer.StatusCode;
    }
}
