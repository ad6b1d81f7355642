using GatewayKit.Auditing;
using GatewayKit.Auditing.Personal;
using GatewayKit.Pipeline;
using GatewayKit.Tests.Auditing.Journal;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.Tests.Auditing;

/// <summary>Handlers that code of the host has left behind, as it does when it loses patience and answers in their place.</summary>
public sealed class LeftBehindTests : IAsyncDisposable
{
    private readonly JournalFolder _folder = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddLogging().AddApiGateway().Services.BuildServiceProvider();
    private readonly OpenAnswer _answer = new();
    private readonly DefaultHttpContext _http = new();
    private readonly TaskCompletionSource _queue = new();

    public LeftBehindTests()
    {
        Trail.Open(_folder.Open(), PersonalData.Plain);
        _http.Features.Set<IHttpResponseFeature>(_answer);
        _http.RequestServices = _services;
    }

    private AuditTrail Trail => _services.GetRequiredService<AuditTrail>();

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Handler_that_was_left_behind_in_front_of_the_gate_begins_no_other_requests_record(bool isFailing)
    {
        var policy = new AuditPolicy();
        var gate = Gate(policy);
        var running = Run(policy, async invocation =>
        {
            await _queue.Task;
            return isFailing ? throw new InvalidOperationException("It does not work.") : await gate(invocation);
        });
        await _answer.Completed!();
        var next = Trail.RecordOf(new DefaultHttpContext());
        Assert.NotSame(_http.Features.Get<AuditedRequest>(), next);

        _queue.SetResult();
        await running;
        Assert.False(next.IsBegun);
    }

    // The pipeline has ended and its record is free. What a filter has left behind in it is no part of any record.
    [Theory]
    [InlineData(AuditDelivery.Guaranteed, false)]
    [InlineData(AuditDelivery.BestEffort, true)]
    public async Task Handler_that_a_filter_has_left_behind_begins_no_other_requests_record(AuditDelivery delivery, bool isServed)
    {
        var policy = new AuditPolicy { Delivery = delivery };
        var gate = Gate(policy);
        var left = Task.FromResult<object?>(null);
        await Run(policy, invocation =>
        {
            left = RestAsync(invocation);
            return new(Results.Empty);
        });
        await _answer.Completed!();
        var next = Trail.RecordOf(new DefaultHttpContext());
        Assert.Same(_http.Features.Get<AuditedRequest>(), next);

        _queue.SetResult();
        Assert.Equal(isServed, await left is not GatewayProblem);
        Assert.False(next.IsBegun);

        async Task<object?> RestAsync(EndpointFilterInvocationContext invocation)
        {
            await _queue.Task;
            return await gate(invocation);
        }
    }

    // A record of best effort waits for nothing at the gate.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Record_of_a_handler_that_was_left_behind_is_used_by_nobody_else(bool isRoute)
    {
        var running = Serve(isRoute, async _ =>
        {
            await _queue.Task;
            return Results.Empty;
        });
        await _answer.Completed!();
        Assert.NotSame(_http.Features.Get<AuditedRequest>(), Trail.RecordOf(new DefaultHttpContext()));
        _queue.SetResult();
        await running;
    }

    [Fact]
    public async Task Record_of_a_handler_that_throws_at_once_is_used_again()
    {
        Assert.Throws<InvalidOperationException>(() => { _ = Serve(isRoute: false, static _ => throw new InvalidOperationException("It does not work.")); });
        await _answer.Completed!();
        Assert.Same(_http.Features.Get<AuditedRequest>(), Trail.RecordOf(new DefaultHttpContext()));
    }

    [Theory]
    [InlineData(true, "at once")]
    [InlineData(true, "later")]
    [InlineData(true, "failed")]
    [InlineData(false, "at once")]
    [InlineData(false, "later")]
    [InlineData(false, "failed")]
    public async Task Record_whose_pipeline_has_ended_is_used_again(bool isRoute, string end)
    {
        var running = Serve(isRoute, end is "at once" ? static _ => new(Results.Empty) : async _ =>
        {
            await Task.Yield();
            return end is "failed" ? throw new InvalidOperationException("It does not work.") : Results.Empty;
        });
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        await _answer.Completed!();
        Assert.Same(_http.Features.Get<AuditedRequest>(), Trail.RecordOf(new DefaultHttpContext()));
    }

    private EndpointFilterDelegate Gate(AuditPolicy policy) => ((IAccessGateFactory)new AuditFilterFactory(Trail)).CreateGate(policy, static _ => new(Results.Empty));

    private Task Run(AuditPolicy policy, EndpointFilterDelegate behindAudit)
    {
        var endpoint = GatewayEndpoint.Of(Endpoint(), []);
        var chain = ((IGatewayFilterFactory)new AuditFilterFactory(Trail)).Create(policy, endpoint, behindAudit);
        return _services.GetRequiredService<PipelineRunner>().Run(chain, new(endpoint, [new("Audit", policy)]))(_http);
    }

    private Task Serve(bool isRoute, EndpointFilterDelegate handler)
    {
        var endpoint = Endpoint();
        endpoint.Metadata.Add(new AuditPolicy { Delivery = AuditDelivery.BestEffort });
        if (!isRoute)
        {
            return _services.GetRequiredService<HostPipeline>().Compose(endpoint, handler)(new DefaultEndpointFilterInvocationContext(_http)).AsTask();
        }

        var chain = _services.GetRequiredService<PipelineComposer>().Compose(endpoint, handler, out var pipeline);
        return _services.GetRequiredService<PipelineRunner>().Run(chain, pipeline)(_http);
    }

    private static RouteEndpointBuilder Endpoint() => new(static _ => Task.CompletedTask, RoutePatternFactory.Parse("/a"), 0);
}
