using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Threading.RateLimiting;
using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.FunctionalTests.Identity.Schemes;
using GatewayKit.Identity.AnyOf;
using GatewayKit.Identity.ApiKeys;
using GatewayKit.Pipeline;
using GatewayKit.Resilience.Admission;
using GatewayKit.Resilience.Shedding;
using GatewayKit.Throttling.Concurrency;
using GatewayKit.Throttling.Quotas;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.FunctionalTests.Pipeline;

/// <summary>What is only tried changes no byte of an answer: of every policy that the gateway registers, on routes and on endpoints of the host.</summary>
public sealed partial class UnchangedAnswerTests
{
    private const string InShadow = "\"Mode\": \"Shadow\"";

    // Each has to bite on the requests below when it is in force. A mirror never does, nor do headers that only destinations see.
    private static readonly Dictionary<string, string> Samples = new()
    {
        ["Audit"] = "{}",
        ["Cors"] = """{ "Origins": [ "https://app.example.com" ] }""",
        ["Access"] = """{ "Methods": [ "PUT" ] }""",
        ["Identity"] = "{}",
        ["ApiKey"] = "{}",
        ["AnyOf"] = """{ "ApiKey": {} }""",
        ["ClientCertificate"] = "{}",
        ["Introspection"] = """{ "Name": "p", "Endpoint": "https://127.0.0.1:1/", "ClientId": "gw", "ClientSecret": "env:PATH", "Audiences": [ "orders" ] }""",
        ["Signature"] = "{}",
        ["ExternalAuthorization"] = """{ "Url": "http://127.0.0.1:1/" }""",
        ["Addresses"] = """{ "Deny": [ "127.0.0.0/8" ] }""",
        ["Timeout"] = """{ "Total": "00:00:00.500" }""",
        ["Bulkhead"] = """{ "MaxInFlight": 1 }""",
        ["Fallback"] = """{ "Answer": { "Status": 200, "Body": "instead" }, "OnFailure": { "Statuses": [ "503" ] } }""",
        ["Throttle"] = """{ "RequestsPerSecond": 0.001 }""",
        ["Quota"] = """{ "Limit": 1, "Window": { "Calendar": "Day" } }""",
        ["WebSockets"] = """{ "Allow": false }""",
        ["Mirror"] = """{ "Cluster": "up", "Percent": 100 }""",
        ["Transforms"] = """{ "Steps": [ { "ResponseHeader": "X-Added", "Set": "1" } ] }""",
        ["IdentityHeaders"] = "{}",
        ["UpstreamCredentials"] = """{ "TokenExchange": { "TokenEndpoint": "https://127.0.0.1:1/", "ClientId": "gw", "ClientSecret": "env:PATH" } }""",
        ["Fault"] = """{ "Abort": { "Status": 418 }, "Until": "2026-03-02T00:00:00Z" }""",
        ["RateLimiter"] = """{ "Limiter": "one at a time" }""",
        ["Concurrency"] = """{ "MaxInFlight": 1 }""",
        ["Plan"] = "{}",
        ["Admission"] = """{ "SuccessPercent": 100, "MinRequestRate": 0 }""",
        ["LoadShedding"] = "{}",
        ["RequestPriority"] = """{ "Class": "Critical" }""",
        ["CircuitBreaker"] = """{ "FailuresInARow": 1, "OpenFor": "00:00:02.500" }""",
    };

    private static readonly Plan OneAtATime = new() { Id = "one", Policies = [new ConcurrencyPolicy { MaxInFlight = 1 }] };

    public static TheoryData<string, string> Policies()
    {
        using var services = new ServiceCollection().AddApiGateway().Services.BuildServiceProvider();
        return new(services.GetRequiredService<PolicyNames>().All.SelectMany(static policy => (IEnumerable<(string, string)>)[(policy.Name, "/route"), (policy.Name, "/own")]));
    }

    public static TheoryData<string, string> PoliciesWithCandidates() => PoliciesWith(nameof(IGatewayPolicy.Candidate));

    public static TheoryData<string, string> PoliciesForShares() => PoliciesWith(nameof(IGatewayPolicy.EnforcePercent));

    [Theory]
    [MemberData(nameof(Policies))]
    public async Task A_policy_in_shadow_changes_no_byte(string policy, string kind)
    {
        var without = await AnswersAsync(policy, kind, With(policy, "\"Mode\": \"Off\""));
        Assert.Equal(without, await AnswersAsync(policy, kind, With(policy, InShadow)));
        if (policy is not ("Mirror" or "IdentityHeaders"))
        {
            Assert.NotEqual(without, await AnswersAsync(policy, kind, With(policy, "\"Mode\": \"Enforce\"")));
        }
    }

    [Theory]
    [MemberData(nameof(PoliciesForShares))]
    public async Task A_policy_in_force_for_others_changes_no_byte(string policy, string kind)
    {
        var outside = Enumerable.Range(0, 1_000).Select(static number => $"caller-{number}").First(id => !Includes(policy, id));
        Assert.Equal(
            await AnswersAsync(policy, kind, With(policy, "\"Mode\": \"Off\""), outside),
            await AnswersAsync(policy, kind, With(policy, "\"EnforcePercent\": 1"), outside));
        var inside = Enumerable.Range(0, 10_000).Select(static number => $"caller-{number}").First(id => Includes(policy, id));
        Assert.Equal(
            await AnswersAsync(policy, kind, With(policy, "\"EnforcePercent\": 100"), inside),
            await AnswersAsync(policy, kind, With(policy, "\"EnforcePercent\": 1"), inside));
    }

    [Theory]
    [MemberData(nameof(PoliciesWithCandidates))]
    public async Task A_candidate_changes_no_byte(string policy, string kind)
    {
        var candidate = $"\"Candidate\": {With(policy, InShadow)}";
        foreach (var mode in (string[])["\"Mode\": \"Enforce\"", InShadow])
        {
            Assert.Equal(await AnswersAsync(policy, kind, With(policy, mode)), await AnswersAsync(policy, kind, With(policy, $"{mode}, {candidate}")));
        }
    }

    private static TheoryData<string, string> PoliciesWith(string property)
    {
        using var services = new ServiceCollection().AddApiGateway().Services.BuildServiceProvider();
        return new(services.GetRequiredService<PolicyNames>().All
            .Where(policy => policy.PolicyType.GetProperty(property) is not null)
            .SelectMany(static policy => (IEnumerable<(string, string)>)[(policy.Name, "/route"), (policy.Name, "/own")]));
    }

    private static bool Includes(string policy, string caller)
    {
        var request = new DefaultHttpContext();
        request.Features.Set(new GatewayConsumer(caller));
        return new EnforcedShare(policy, 1).Includes(request);
    }

    private static string With(string policy, string settings)
    {
        Assert.True(Samples.TryGetValue(policy, out var sample), $"Give {policy} a sample that bites, so that its modes are tried.");
        var said = JsonNode.Parse(sample)!.AsObject();
        foreach (var (key, value) in JsonNode.Parse($"{{ {settings} }}")!.AsObject())
        {
            said[key] = value!.DeepClone();
        }

        return said.ToJsonString();
    }

    private static async Task<string> AnswersAsync(string policy, string kind, string json, string? caller = null)
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        var answering = new ConcurrentQueue<Task>();
        TestHost? itself = null;
        var journal = Path.Combine(Path.GetTempPath(), $"gatewaykit-unchanged-{Guid.NewGuid():N}");
        await using var upstream = await Upstream.StartAsync(async context => await (await AnswerAsync(context)).ExecuteAsync(context));
        await using var gateway = await TestHost.GatewayAsync(
            $$"""{ "FaultInjection": true, "PriorityClasses": [ "Critical", "Standard" ], "Clusters": { "up": { "Destinations": { "a": { "Address": "{{upstream.Address}}" } } } } }""",
            builder =>
            {
                builder.Services.AddSingleton<TimeProvider>(time).AddSingleton<IQuotaStore, InMemoryQuotaStore>().AddSingleton(new RetryTimes(static () => 0));

                // Whoever may be held back is, and the host has too much to do: one level more with each second, and the third sheds the lower of two classes.
                builder.Services.Replace(ServiceDescriptor.Singleton(new Admissions(time, static () => 0)));
                builder.Services.Replace(ServiceDescriptor.Singleton<HostSignals>(static () => new(QueuedWorkItems: 10_000, Memory: 0, GcPause: 0, Cpu: 0)));
                builder.Services.Replace(ServiceDescriptor.Singleton<ConnectionDraw>(static (_, _) => true));
                builder.Services.Configure<LoadSheddingOptions>(static options => options.RiseAfter = HostLoad.Period);
                builder.Services.AddWords("Word");
                builder.Services.PostConfigure<GatewayOptions>(options => options.Journal = policy is "Audit" ? new() { Directory = journal } : null);
                builder.AddRateLimiter("one at a time", static _ => new ConcurrencyLimiter(new() { PermitLimit = 1 }));
            },
            app =>
            {
                app.Use((context, next) =>
                {
                    (context.TraceIdentifier, Activity.Current) = ("same", null);

                    // The first to be registered is the last to be called: all places are given back then.
                    var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                    answering.Enqueue(over.Task);
                    context.Response.OnCompleted(() => Task.FromResult(over.TrySetResult()));
                    if (policy is "Plan")
                    {
                        // The limits of a plan are the caller's.
                        context.Features.Set(new GatewayConsumer(caller ?? "acme") { Plan = OneAtATime });
                    }
                    else if (caller is not null)
                    {
                        context.Features.Set(new GatewayConsumer(caller));
                    }

                    return next(context);
                });
                var group = app.MapGroup("").WithGatewayPolicy(Bind(app, policy, json));
                if (policy is "RequestPriority")
                {
                    // A class by itself bites nobody.
                    group.WithLoadShedding();
                }

                group.MapGatewayRoute("/route/{**rest}", cluster: "up");
                group.MapGet("/own/{**rest}", (Delegate)AnswerAsync);
            });
        itself = gateway;

        var answers = new StringBuilder();
        foreach (var (path, fields) in (ValueTuple<string, string>[])[("outer", ""), ("fail", ""), ("plain", ""), ("socket", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")])
        {
            using var client = await RawConnection.ConnectAsync(gateway.Address);
            await client.SendAsync($"GET {kind}/{path} HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
            answers.Append(Date().Replace(await client.ReadAnswerAsync(), "Date: then\r\n"));

            // The answer is out before the request is over, and one that was given up goes on and moves the clock of all: the next one waits for their ends.
            await Task.WhenAll(answering.ToArray()).ContinueWith(static _ => { }, TaskScheduler.Default);
        }

        await gateway.App.StopAsync();
        if (Directory.Exists(journal))
        {
            Directory.Delete(journal, recursive: true);
        }

        return answers.ToString();

        Task<IResult> AnswerAsync(HttpContext context)
        {
            var answer = ServeAsync(context);
            answering.Enqueue(answer);
            return answer;
        }

        async Task<IResult> ServeAsync(HttpContext context)
        {
            // Slower than the deadline; and one request inside another is one too many for a bulkhead, a throttle and a quota.
            time.Advance(TimeSpan.FromSeconds(1));
            switch (context.Request.Path.Value!.Split('/')[^1])
            {
                case "fail":
                    return Results.Text("failed", statusCode: StatusCodes.Status503ServiceUnavailable);
                case "outer":
                    using (var answer = await itself!.Client.GetAsync($"{kind}/plain", CancellationToken.None))
                    {
                        return Results.Text($"around {(int)answer.StatusCode}");
                    }

                default:
                    return Results.Text("plain");
            }
        }
    }

    private static IGatewayPolicy Bind(WebApplication app, string policy, string json)
    {
        var section = new ConfigurationBuilder().AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes($$"""{ "G": { "Defaults": { "{{policy}}": {{json}} } } }"""))).Build();
        var errors = new List<ConfigurationError>();
        var bound = app.Services.GetRequiredService<SectionBinder>().BindRouteSet(section.GetSection("G"), errors).Defaults;
        Assert.Empty(errors);
        return Assert.Single(bound) is AnyOfPolicy anyOf
            ? anyOf with { Policies = [.. anyOf.Policies, new ApiKeyPolicy { Header = "X-Other-Key" }] }
            : Assert.Single(bound);
    }

    [GeneratedRegex("Date: [^\r]*\r\n")]
    private static partial Regex Date();
}
