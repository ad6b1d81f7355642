using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace GatewayKit.Tests.Pipeline;

/// <summary>What a request keeps of its limits until its response starts.</summary>
public sealed class LimitReadingsTests
{
    private static readonly LimitReading Burst = new("burst", 100, TimeSpan.FromSeconds(60), LimitUnit.Requests, 42, TimeSpan.FromSeconds(1));
    private static readonly LimitReading InFlight = new("inflight", 20, null, LimitUnit.ConcurrentRequests, 17, null);

    private static LimitFields? Standard => LimitFields.Of(new());

    private readonly StartableResponse _response = new();

    [Fact]
    public void Later_reading_of_a_limit_takes_the_place_of_the_former()
    {
        var context = Context(Standard);
        context.Note(Burst);
        context.Note(InFlight);
        context.Note(Burst with { Remaining = 7 });
        context.NoteGivenBack(Burst with { Remaining = 8 });
        Assert.Equal("\"burst\";r=8;t=1, \"inflight\";r=17", Start(context)["RateLimit"]);
    }

    [Fact]
    public void Any_number_of_limits_is_told()
    {
        var context = Context(Standard);
        foreach (var number in Enumerable.Range(1, 9))
        {
            context.Note(InFlight with { Name = $"limit-{number}", Remaining = number });
        }

        var told = StructuredFieldList.Parse(Start(context)["RateLimit"]!);
        Assert.Equal(Enumerable.Range(1, 9).Select(static number => ($"limit-{number}", (long)number)), told.Select(static item => ((string)item.Value, (long)item["r"]!)));
    }

    [Fact]
    public void What_is_given_back_is_told_only_of_limits_that_are_told()
    {
        var context = Context(Standard);
        context.Note(InFlight);
        context.NoteGivenBack(InFlight with { Remaining = 18 });
        context.NoteGivenBack(Burst);
        Assert.Equal("\"inflight\";r=18", Start(context)["RateLimit"]);
    }

    [Fact]
    public void Reading_that_comes_too_late_is_not_told()
    {
        var context = Context(Standard);
        context.Note(Burst);
        Start(context);
        context.Note(InFlight);
        var late = Context(Standard);
        late.Note(InFlight);
        Assert.Equal("\"burst\";r=42;t=1", late.HttpContext.Response.Headers["RateLimit"]);
    }

    [Fact]
    public void One_text_of_policies_serves_all_requests_of_the_same_limits()
    {
        var fields = LimitFields.Of(new())!;
        string[] texts = [.. Enumerable.Range(0, 3).Select(_ => Written(Burst)), Written(Burst with { Quota = 101 }), Written(Burst with { Name = "other" })];
        Assert.Same(texts[0], texts[2]);
        Assert.Equal(["\"burst\";q=100;w=60", "\"burst\";q=101;w=60", "\"other\";q=100;w=60"], texts[2..]);

        string Written(LimitReading reading)
        {
            var context = Context(fields);
            fields.Write(context, [new LimitItem(reading)]);
            return context.HttpContext.Response.Headers["RateLimit-Policy"]!;
        }
    }

    [Fact]
    public void Host_that_tells_nothing_pays_nothing() => Assert.Equal(0, BytesOfOneRequest(new() { RateLimitHeaders = RateLimitHeaders.None }));

    [Fact]
    public void Request_that_is_far_from_its_limits_pays_nothing_where_only_others_are_told() =>
        Assert.Equal(0, BytesOfOneRequest(new() { RateLimitOccasion = RateLimitOccasion.NearExhaustion }));

    // The readings and the text of RateLimit; what the response needs for its fields is there. 344 once the JIT is done, which may be later.
    [Fact]
    public void Request_that_is_told_pays_for_its_readings_and_one_text() => Assert.InRange(BytesOfOneRequest(new()), 1, 400);

    private long BytesOfOneRequest(GatewayOptions options)
    {
        var fields = LimitFields.Of(options);
        var contexts = Enumerable.Range(0, 2_000).Select(_ => Context(fields)).ToArray();
        Measure(contexts[..1_000]);
        return Measure(contexts[1_000..]) / 1_000;

        long Measure(GatewayContext[] requests)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            foreach (var context in requests)
            {
                context.Note(Burst);
                context.Note(InFlight);
                _response.Start();
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    private IHeaderDictionary Start(GatewayContext context)
    {
        _response.Start();
        _response.Begin();
        return context.HttpContext.Response.Headers;
    }

    private GatewayContext Context(LimitFields? fields)
    {
        var endpoint = GatewayEndpoint.Of(new RouteEndpointBuilder(null, RoutePatternFactory.Parse("/"), 0), []);
        var httpContext = new DefaultHttpContext();
        httpContext.Features.Set<IHttpResponseFeature>(_response);
        return new(httpContext, new GatewayPipeline(endpoint, []) { LimitFields = fields });
    }

    /// <summary>A response that starts when it is told to, as often as wanted.</summary>
    private sealed class StartableResponse : HttpResponseFeature
    {
        private (Func<object, Task> Callback, object State) _starting;
        private bool _hasStarted;

        public override bool HasStarted => _hasStarted;

        public void Begin() => _hasStarted = true;

        public override void OnStarting(Func<object, Task> callback, object state) => _starting = (callback, state);

        public void Start()
        {
            _starting.Callback?.Invoke(_starting.State);
            _starting = default;
        }
    }
}
