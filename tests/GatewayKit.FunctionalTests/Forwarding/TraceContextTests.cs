using System.Diagnostics;
using System.Text.RegularExpressions;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using static GatewayKit.FunctionalTests.Forwarding.TraceContextInputs;

namespace GatewayKit.FunctionalTests.Forwarding;

// Listeners are the process's: nothing else may run meanwhile.
[CollectionDefinition(nameof(TraceContextTests), DisableParallelization = true)]
public sealed class AloneInTheProcess;

/// <summary>
/// One context goes to the destination (W3C Trace Context level 2). The inputs are those of the public validation set of the W3C at
/// its strict level, in hosts that record traces and in hosts that do not.
/// </summary>
[Collection(nameof(TraceContextTests))]
public sealed partial class TraceContextTests
{
    public static TheoryData<Tracing, string> New() => new(new MatrixTheoryData<Tracing, string>(Enum.GetValues<Tracing>(), NewTraces));

    public static TheoryData<Tracing, string, string?> Kept() =>
        new(Enum.GetValues<Tracing>().SelectMany(static tracing => Continued.Select(one => new TheoryDataRow<Tracing, string, string?>(tracing, one.Fields, one.State))));

    [Theory]
    [MemberData(nameof(New))]
    public async Task Without_a_usable_parent_a_trace_is_started(Tracing tracing, string fields)
    {
        var (parent, state, span) = await SendAsync(tracing, fields);
        Assert.True(IsValid(parent), parent);
        Assert.DoesNotContain(TraceId[..31], parent, StringComparison.Ordinal);
        Assert.DoesNotContain("12345678901234567890123456789011", parent, StringComparison.Ordinal);
        Assert.Null(state);
        Assert.Equal(tracing is Tracing.Log or Tracing.None ? "02" : "03", parent[^2..]);
        AssertParentIs(span, parent, tracing);
    }

    [Theory]
    [MemberData(nameof(Kept))]
    public async Task Usable_parent_is_continued(Tracing tracing, string fields, string? expectedState)
    {
        var (parent, state, span) = await SendAsync(tracing, fields);
        Assert.True(IsValid(parent), parent);
        Assert.Equal(TraceId, parent[3..35]);
        Assert.Equal(expectedState, state is null ? null : string.Join(',', state.Split(',').Select(static entry => entry.Trim(' ', '\t')).Where(static entry => entry.Length > 0)));
        if (tracing is Tracing.Log or Tracing.None || (tracing is Tracing.ServerOnly && fields.Contains("future", StringComparison.Ordinal)))
        {
            // Nobody records this hop, or the server does so under an id of its former format, because it cannot read later versions: the
            // parent stays the span that somebody recorded.
            Assert.Equal(Parent, parent[36..52]);
            Assert.Equal(FlagsOf(fields), parent[^2..]);
        }
        else
        {
            Assert.NotEqual(Parent, parent[36..52]);
            Assert.Equal(fields.Contains("-03", StringComparison.Ordinal) || fields.Contains("-ff", StringComparison.Ordinal) ? "03" : "01", parent[^2..]);
        }

        AssertParentIs(span, parent, tracing);
    }

    [Theory]
    [InlineData(Tracing.All)]
    [InlineData(Tracing.None)]
    public async Task Every_request_has_a_parent_of_its_own(Tracing tracing)
    {
        var parents = new HashSet<string>();
        for (var i = 0; i < 3; i++)
        {
            parents.Add((await SendAsync(tracing, "")).Parent[36..52]);
            parents.Add((await SendAsync(tracing, $"traceparent: 00-00000000000000000000000000000000-{Parent}-01")).Parent[36..52]);
        }

        Assert.Equal(6, parents.Count);
    }

    [Fact]
    public async Task Parent_that_is_for_one_connection_only_is_not_continued()
    {
        await using var upstream = RawUpstream.Answering("HTTP/1.1 204 No Content\r\n\r\n");
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address);
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync($"GET / HTTP/1.1\r\nHost: a\r\n{Sampled}\r\nConnection: TraceParent\r\n\r\n");
        await client.ReadHeadAsync();

        Assert.DoesNotContain(TraceId, upstream.Heads.Single(), StringComparison.Ordinal);
        Assert.Single(ParentLine().Matches(upstream.Heads.Single()));
    }

    [Theory]
    [InlineData("a=1,b=2", "c=3,a=1,b=2")]
    [InlineData(null, "c=3")]
    public async Task Entry_that_the_host_adds_is_sent(string? sent, string expected)
    {
        using var listener = Listen(Tracing.All);
        await using var upstream = RawUpstream.Answering("HTTP/1.1 204 No Content\r\n\r\n");
        await using var gateway = await TestHost.StartAsync(
            builder => builder.Services.AddApiGateway().AddCluster("up", upstream.Address.ToString()),
            static app =>
            {
                app.Use(static (context, next) =>
                {
                    Activity.Current!.TraceStateString = Activity.Current.TraceStateString is { Length: > 0 } state ? "c=3," + state : "c=3";
                    return next(context);
                });
                app.MapGatewayRoute("/{**rest}", "up");
            });
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.ExchangeAsync($"GET / HTTP/1.1\r\nHost: a\r\n{Sampled}\r\n{(sent is null ? "" : $"tracestate: {sent}\r\n")}Connection: close\r\n\r\n");

        Assert.Equal(expected, Assert.Single(StateLine().Matches(upstream.Heads.Single())).Groups[1].Value);
    }

    [Theory]
    [InlineData(Tracing.All)]
    [InlineData(Tracing.None)]
    public async Task Baggage_travels_once(Tracing tracing)
    {
        using var listener = Listen(tracing);
        await using var upstream = RawUpstream.Answering("HTTP/1.1 204 No Content\r\n\r\n");
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address);
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.ExchangeAsync($"GET / HTTP/1.1\r\nHost: a\r\n{Sampled}\r\nbaggage: k=v\r\nConnection: close\r\n\r\n");

        Assert.Single(Regex.Matches(upstream.Heads.Single(), "(?i)\r\nbaggage: k ?= ?v\r\n"));
    }

    [Theory]
    [InlineData(Tracing.All)]
    [InlineData(Tracing.None)]
    public async Task Host_that_wants_no_trace_fields_gets_none_of_its_own(Tracing tracing)
    {
        var propagator = DistributedContextPropagator.Current;
        DistributedContextPropagator.Current = DistributedContextPropagator.CreateNoOutputPropagator();
        try
        {
            using var listener = Listen(tracing);
            await using var upstream = RawUpstream.Answering("HTTP/1.1 204 No Content\r\n\r\n");
            await using var gateway = await Upstream.GatewayToAsync(upstream.Address);
            using var client = await RawConnection.ConnectAsync(gateway.Address);
            await client.ExchangeAsync("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");

            Assert.DoesNotContain("traceparent", upstream.Heads.Single(), StringComparison.OrdinalIgnoreCase);
        }
        finally
        {
            DistributedContextPropagator.Current = propagator;
        }
    }

    [Fact]
    public async Task Trace_is_not_started_when_the_host_does_not_want_it()
    {
        await using var upstream = RawUpstream.Answering("HTTP/1.1 204 No Content\r\n\r\n");
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address, services: static builder => builder.Services.Configure<GatewayOptions>(static options => options.StartTraces = false));
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.ExchangeAsync("GET / HTTP/1.1\r\nHost: a\r\ntracestate: foo=1\r\nConnection: close\r\n\r\n");
        using var second = await RawConnection.ConnectAsync(gateway.Address);
        await second.ExchangeAsync($"GET / HTTP/1.1\r\nHost: a\r\n{Sampled}\r\nConnection: close\r\n\r\n");

        Assert.DoesNotContain("trace", upstream.Heads[0], StringComparison.OrdinalIgnoreCase);
        Assert.Contains(Sampled, upstream.Heads[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Trace_that_the_host_starts_at_its_border_is_the_one_that_is_sent()
    {
        using var listener = Listen(Tracing.All);
        await using var upstream = RawUpstream.Answering("HTTP/1.1 204 No Content\r\n\r\n");
        await using var gateway = await TestHost.StartAsync(
            builder => builder.Services.AddApiGateway().AddCluster("up", upstream.Address.ToString()),
            static app =>
            {
                app.Use(static async (context, next) =>
                {
                    Activity.Current = null;
                    using var fresh = new Activity("border").Start();
                    await next(context);
                });
                app.MapGatewayRoute("/{**rest}", "up");
            });
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.ExchangeAsync($"GET / HTTP/1.1\r\nHost: a\r\n{Sampled}\r\ntracestate: foo=1\r\nConnection: close\r\n\r\n");

        Assert.DoesNotContain(TraceId, upstream.Heads.Single(), StringComparison.Ordinal);
        Assert.Single(ParentLine().Matches(upstream.Heads.Single()));
        Assert.DoesNotContain("tracestate", upstream.Heads.Single(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("traceparent: <script>alert(1)</script>")]
    [InlineData($"traceparent: 00-{TraceId}-{Parent}-01.evil")]
    public async Task Problem_does_not_repeat_what_the_client_wrote_as_its_parent(string fields)
    {
        using var log = new LogRecorder();
        await using var gateway = await Upstream.GatewayToAsync(
            new("http://127.0.0.1:1"), services: builder => builder.Services.AddLogging(logging => logging.AddProvider(log)));
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        var answer = await client.ExchangeAsync($"GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 502", answer, StringComparison.Ordinal);
        Assert.Contains("traceId", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("evil", answer + string.Concat(log.Take(1300)), StringComparison.Ordinal);
        Assert.DoesNotContain("script", answer, StringComparison.Ordinal);
    }

    private static async Task<(string Parent, string? State, Activity? Span)> SendAsync(Tracing tracing, string fields)
    {
        var spans = new List<Activity>();
        using var listener = Listen(tracing, spans.Add);
        using var log = new LogRecorder();
        await using var upstream = RawUpstream.Answering("HTTP/1.1 204 No Content\r\n\r\n");
        await using var gateway = await Upstream.GatewayToAsync(
            upstream.Address, services: builder => builder.Services.AddLogging(logging =>
            {
                if (tracing is Tracing.Log)
                {
                    logging.AddProvider(log);
                }
            }));
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        var answer = await client.ExchangeAsync($"GET / HTTP/1.1\r\nHost: a\r\n{(fields.Length == 0 ? "" : fields + "\r\n")}Connection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 204", answer, StringComparison.Ordinal);
        var head = upstream.Heads.Single();
        var parent = Assert.Single(ParentLine().Matches(head)).Groups[1].Value;
        var states = StateLine().Matches(head);
        Assert.InRange(states.Count, 0, 1);
        return (parent, states.Count == 0 ? null : states[0].Groups[1].Value, spans.SingleOrDefault());
    }

    private static void AssertParentIs(Activity? span, string parent, Tracing tracing)
    {
        Assert.Equal(tracing is Tracing.All or Tracing.GatewayOnly, span is not null);
        if (span is not null)
        {
            Assert.Equal((ActivityKind.Client, span.TraceId.ToHexString(), span.SpanId.ToHexString()), (span.Kind, parent[3..35], parent[36..52]));
        }
    }

    private static ActivityListener? Listen(Tracing tracing, Action<Activity>? gatewaySpan = null)
    {
        if (tracing is Tracing.Log or Tracing.None)
        {
            return null;
        }

        var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "Microsoft.AspNetCore" ? tracing is not Tracing.GatewayOnly : source.Name is "GatewayKit" && tracing is not Tracing.ServerOnly,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStarted = activity =>
            {
                if (activity.Source.Name is "GatewayKit")
                {
                    gatewaySpan?.Invoke(activity);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    // What is passed on keeps its flags; of a later version only those that are known.
    private static string FlagsOf(string fields) => Regex.Match(fields, $"{Parent}-(..)").Groups[1].Value;

    // Judged by this pattern, not by the code under test.
    private static bool IsValid(string parent) => ValidParent().IsMatch(parent) && !parent.Contains(new string('0', 32), StringComparison.Ordinal) && parent[36..52] != new string('0', 16);

    [GeneratedRegex("^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")]
    private static partial Regex ValidParent();

    [GeneratedRegex("(?i)\r\ntraceparent: ([^\r]*)")]
    private static partial Regex ParentLine();

    [GeneratedRegex("(?i)\r\ntracestate: ([^\r]*)")]
    private static partial Regex StateLine();
}
