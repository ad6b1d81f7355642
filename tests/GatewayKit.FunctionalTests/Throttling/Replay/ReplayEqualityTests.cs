using System.Globalization;
using System.Net;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using GatewayKit.Throttling.Quotas;
using GatewayKit.Throttling.Replay;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.FunctionalTests.Throttling.Replay;

/// <summary>What a replay says of records is what a gateway does with the requests.</summary>
public sealed class ReplayEqualityTests
{
    private const int Records = 150;
    private const int Traces = 25;

    private static readonly DateTimeOffset Start = new(2026, 3, 28, 22, 59, 50, TimeSpan.Zero);

    public static TheoryData<int> Seeds() => [.. Enumerable.Range(1, Traces)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Gateway_and_replay_decide_alike_on_a_random_trace(int seed)
    {
        var random = new Random(seed);
        var (json, records) = (Gateway(random), Trace(random));
        await using var live = await LiveGateway.StartAsync(json, records);
        await live.RunAsync();

        var section = new ConfigurationBuilder().AddJsonStream(new MemoryStream(System.Text.Encoding.UTF8.GetBytes($$"""{ "Gateway": {{json}} }"""))).Build().GetSection("Gateway");
        var replayed = await OutcomesAsync(section, records);
        var report = await LimitReplay.RunAsync(section, records.ToAsyncEnumerable(), cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(live.Decisions.Select(OutcomeOf), replayed);
        Assert.Equal(
            Enumerable.Range(0, 5).Select(step => live.Decisions.Where(decisions => decisions.Count > step).CountBy(decisions => decisions[step].Outcome).Select(static entry => (entry.Key, (long)entry.Value)).Where(static entry => entry.Item2 > 0).Order()),
            report.Routes[0].Policies.Select(static policy => ((PolicyOutcome, long)[])[(PolicyOutcome.Allowed, policy.Allowed), (PolicyOutcome.Refused, policy.Refused), (PolicyOutcome.WouldRefuse, policy.WouldRefuse)])
                .Select(static counts => counts.Where(static entry => entry.Item2 > 0).Order()));

        // A trace on which nothing happens shows nothing.
        Assert.InRange(report.Total.Refused, Records / 10, Records - (Records / 10));
    }

    private static async Task<List<ReplayOutcome>> OutcomesAsync(IConfiguration section, AccessRecord[] records)
    {
        await using var host = await LimitReplayHost.CreateAsync(section, new(), TestContext.Current.CancellationToken);
        var (run, outcomes) = (host.CreateRun(), new List<ReplayOutcome>());
        foreach (var record in records)
        {
            Assert.True(run.Take(record, outcomes.Add));
        }

        run.End();
        return outcomes;
    }

    private static ReplayOutcome OutcomeOf(IReadOnlyList<PolicyDecision> decisions) =>
        decisions.Any(static decision => decision.Outcome is PolicyOutcome.Refused) ? ReplayOutcome.Refused
        : decisions.Any(static decision => decision.Outcome is PolicyOutcome.WouldRefuse) ? ReplayOutcome.WouldRefuse
        : ReplayOutcome.Allowed;

    // Five limits, of which each refuses some: in the middle of it is midnight in Berlin, of the day on which clocks are changed.
    private static string Gateway(Random random)
    {
        string[] windows = ["""{ "Calendar": "Day", "TimeZone": "Europe/Berlin" }""", """{ "Rolling": "00:00:08", "Buckets": 4 }""", """{ "FirstUse": "00:00:06" }"""];
        string[] modes = ["\"Enforce\"", "\"Shadow\"", "\"Enforce\", \"EnforcePercent\": 50"];
        return $$"""
            {
              "Clusters": { "c": { "Destinations": { "a": { "Address": "http://127.0.0.1:1" } } } },
              "Defaults": { "Throttle": { "RequestsPerSecond": {{random.Next(2, 6)}}, "Burst": {{random.Next(1, 6)}} } },
              "Routes": {
                "r": {
                  "Match": { "Path": "/r" },
                  "Cluster": "c",
                  "Throttle": { "Limit": {{random.Next(8, 14)}}, "Window": "00:00:03", "Burst": {{random.Next(3, 9)}}, "CostHeader": "X-Tokens", "Partition": "Header:X-Tenant", "Mode": {{Pick(modes)}} },
                  "Quota": [
                    { "Limit": {{random.Next(20, 40)}}, "Window": {{Pick(windows)}}, "Mode": {{Pick(modes)}} },
                    { "Limit": {{random.Next(6_000, 14_000)}}, "Unit": "ContentBytes", "Name": "bytes", "Window": {{Pick(windows)}}, "Partition": "Header:X-Tenant", "CountWhen": "Succeeded" }
                  ],
                  "Bulkhead": { "MaxInFlight": {{random.Next(3, 6)}} }
                }
              }
            }
            """;

        string Pick(string[] values) => values[random.Next(values.Length)];
    }

    private static AccessRecord[] Trace(Random random)
    {
        var time = Start;
        return
        [
            .. Enumerable.Range(0, Records).Select(_ => new AccessRecord
            {
                Time = time += TimeSpan.FromMilliseconds(random.Next(4) == 0 ? 0 : random.Next(1, 260)),
                Route = "r",
                Client = new IPAddress([192, 0, 2, (byte)random.Next(4)]),
                Headers = random.Next(5) == 0 ? null : new Dictionary<string, string> { ["X-Tenant"] = $"t{random.Next(3)}" },
                RequestBytes = random.Next(3) == 0 ? random.Next(1, 500) : null,
                ResponseBytes = random.Next(0, 1_000),
                Costs = random.Next(3) == 0 ? new Dictionary<string, long> { ["X-Tokens"] = random.Next(4) } : null,
                Status = random.Next(6) == 0 ? 404 : 200,
                Duration = TimeSpan.FromMilliseconds(random.Next(1, 1_500)),
            }),
        ];
    }

    /// <summary>A gateway to which the records are sent, each at its time and for as long as it took.</summary>
    private sealed class LiveGateway : IAsyncDisposable, IGatewayObserver
    {
        private readonly FakeTimeProvider _time = new(Start);
        private readonly AccessRecord[] _records;
        private readonly Exchange[] _exchanges;
        private readonly IReadOnlyList<PolicyDecision>[] _decisions;
        private TestHost _host = null!;

        private LiveGateway(AccessRecord[] records) =>
            (_records, _exchanges, _decisions) = (records, [.. records.Select(static _ => new Exchange())], new IReadOnlyList<PolicyDecision>[records.Length]);

        public IEnumerable<IReadOnlyList<PolicyDecision>> Decisions => _decisions;

        public static async Task<LiveGateway> StartAsync(string json, AccessRecord[] records)
        {
            var gateway = new LiveGateway(records);
            gateway._host = await TestHost.GatewayAsync(
                json,
                builder =>
                {
                    builder.Services.AddSingleton<TimeProvider>(gateway._time);
                    builder.Services.AddSingleton<IQuotaStore, InMemoryQuotaStore>();
                    builder.Services.AddSingleton<IGatewayObserver>(gateway);
                    builder.UseUpstreamHandler("c", () => new Destination(gateway));
                },
                app =>
                {
                    app.Use((context, next) =>
                    {
                        var index = IndexOf(context);
                        context.Connection.RemoteIpAddress = records[index].Client;

                        // The last to be called: all others have settled.
                        context.Response.OnCompleted(() =>
                        {
                            gateway._exchanges[index].Done.TrySetResult();
                            return Task.CompletedTask;
                        });
                        return next(context);
                    });
                    app.MapGatewayRoutes();
                });
            return gateway;
        }

        public async Task RunAsync()
        {
            // An end comes before a beginning of the same time.
            var ends = new PriorityQueue<int, DateTimeOffset>();
            for (var i = 0; i < _records.Length; i++)
            {
                await EndAsync(ends, until: _records[i].Time);
                MoveTo(_records[i].Time);
                var (exchange, answer) = (_exchanges[i], SendAsync(i));
                await Task.WhenAny(exchange.Done.Task, exchange.Arrived.Task).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
                exchange.Answer = answer;
                if (!exchange.Done.Task.IsCompleted)
                {
                    ends.Enqueue(i, _records[i].Time + _records[i].Duration);
                }
            }

            await EndAsync(ends, until: DateTimeOffset.MaxValue);
            await Task.WhenAll(_exchanges.Select(static exchange => exchange.Answer));
        }

        public void RequestCompleted(GatewayContext context) => _decisions[IndexOf(context.HttpContext)] = context.Decisions;

        public ValueTask DisposeAsync() => _host.DisposeAsync();

        private async Task EndAsync(PriorityQueue<int, DateTimeOffset> ends, DateTimeOffset until)
        {
            while (ends.TryPeek(out var i, out var end) && end <= until)
            {
                ends.Dequeue();
                MoveTo(end);
                _exchanges[i].Gate.SetResult();
                await _exchanges[i].Done.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
            }
        }

        private void MoveTo(DateTimeOffset time)
        {
            if (time > _time.GetUtcNow())
            {
                _time.SetUtcNow(time);
            }
        }

        private async Task SendAsync(int i)
        {
            var record = _records[i];
            using var request = new HttpRequestMessage(HttpMethod.Post, "/r") { Content = new ByteArrayContent(new byte[record.RequestBytes ?? 0]) };
            request.Headers.Add("X-Index", i.ToString(CultureInfo.InvariantCulture));
            foreach (var (name, value) in record.Headers ?? new Dictionary<string, string>())
            {
                request.Headers.Add(name, value);
            }

            using var answer = await _host.Client.SendAsync(request);
            await answer.Content.ReadAsByteArrayAsync();
        }

        private static int IndexOf(HttpContext context) => int.Parse(context.Request.Headers["X-Index"]!, CultureInfo.InvariantCulture);

        private sealed class Destination(LiveGateway gateway) : HttpMessageHandler
        {
            protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
            {
                var index = int.Parse(request.Headers.GetValues("X-Index").Single(), CultureInfo.InvariantCulture);
                if (request.Content is not null)
                {
                    await request.Content.CopyToAsync(Stream.Null, cancellationToken);
                }

                gateway._exchanges[index].Arrived.TrySetResult();
                await gateway._exchanges[index].Gate.Task;
                var record = gateway._records[index];
                var answer = new HttpResponseMessage((HttpStatusCode)record.Status!) { Content = new ByteArrayContent(new byte[record.ResponseBytes!.Value]), RequestMessage = request };
                foreach (var (name, units) in record.Costs ?? new Dictionary<string, long>())
                {
                    answer.Headers.Add(name, units.ToString(CultureInfo.InvariantCulture));
                }

                return answer;
            }
        }

        private sealed class Exchange
        {
            public TaskCompletionSource Arrived { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

            public TaskCompletionSource Gate { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

            public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

            public Task Answer { get; set; } = Task.CompletedTask;
        }
    }
}
