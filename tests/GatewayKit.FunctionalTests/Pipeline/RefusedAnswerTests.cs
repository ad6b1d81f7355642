using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using GatewayKit.Diagnostics;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using static GatewayKit.FunctionalTests.Pipeline.Trail;

namespace GatewayKit.FunctionalTests.Pipeline;

/// <summary>A policy that lets a request through, looks at the answer and refuses that.</summary>
public sealed class RefusedAnswerTests
{
    private static readonly RejectionReason BadAnswer = new("bad-answer", StatusCodes.Status502BadGateway, "The answer breaks its contract.");

    [Theory]
    [InlineData("/route")]
    [InlineData("/own")]
    public async Task Its_decision_is_a_refusal_with_its_reason_counted_once(string path)
    {
        var (completed, counted) = await GetAsync(path, PolicyMode.Enforce, HttpStatusCode.BadGateway);
        Assert.Equal(BadAnswer, completed.Reason);
        Assert.Equal(
            [
                new PolicyDecision("Trail", PolicyMode.Enforce, PolicyOutcome.Allowed, null),
                new PolicyDecision("AnswerCheck", PolicyMode.Enforce, PolicyOutcome.Refused, BadAnswer),
                new PolicyDecision("Trail", PolicyMode.Enforce, PolicyOutcome.Allowed, null),
            ],
            completed.Decisions);
        Assert.Equal(["AnswerCheck refused bad-answer 1"], counted);
    }

    [Fact]
    public async Task In_shadow_mode_the_answer_stands()
    {
        var (completed, counted) = await GetAsync("/route", PolicyMode.Shadow, HttpStatusCode.OK);
        Assert.Null(completed.Reason);
        Assert.Equal(new PolicyDecision("AnswerCheck", PolicyMode.Shadow, PolicyOutcome.WouldRefuse, BadAnswer), completed.Decisions[1]);
        Assert.Equal(["AnswerCheck would-refuse bad-answer 1"], counted);
    }

    [Fact]
    public async Task A_refusal_from_further_inside_that_it_replaces_is_its_own()
    {
        var (completed, counted) = await GetAsync("/route", PolicyMode.Enforce, HttpStatusCode.BadGateway, innerRefuses: true);
        Assert.Equal(BadAnswer, completed.Reason);
        Assert.Equal(
            new PolicyDecision("AnswerCheck", PolicyMode.Enforce, PolicyOutcome.Refused, BadAnswer),
            Assert.Single(completed.Decisions, static decision => decision.Outcome is not PolicyOutcome.Allowed));
        Assert.Equal(["AnswerCheck refused bad-answer 1"], counted);
    }

    [Fact]
    public async Task A_policy_that_is_not_in_effect_refuses_nothing()
    {
        var (completed, _) = await GetAsync("/route", PolicyMode.Enforce, HttpStatusCode.InternalServerError, named: new AnswerCheckPolicy());
        Assert.Equal(RejectionReason.FilterError, completed.Reason);
    }

    private static async Task<(CompletedRequest Completed, string[] Counted)> GetAsync(
        string path, PolicyMode mode, HttpStatusCode status, bool innerRefuses = false, AnswerCheckPolicy? named = null)
    {
        var (observer, counted) = (new AwaitableObserver(), new ConcurrentQueue<string>());
        IGatewayPolicy[] policies =
        [
            new TrailPolicy("outer") { Stage = GatewayStage.Admit },
            new AnswerCheckPolicy { Mode = mode, Named = named },
            new TrailPolicy("inner") { Stage = GatewayStage.Protect, Refuses = innerRefuses },
        ];
        await using var gateway = await TestHost.GatewayAsync(
            services: builder =>
            {
                builder.Services.AddSingleton<IGatewayObserver>(observer);
                builder.AddTrail().AddPolicy<AnswerCheckPolicy, AnswerCheckFilterFactory>("AnswerCheck").AddRoutes(Route("route", policies));
            },
            map: app =>
            {
                app.MapGatewayRoutes();
                app.MapGet("/own", static () => "own").WithGatewayPolicy(policies[0]).WithGatewayPolicy(policies[1]).WithGatewayPolicy(policies[2]);
            });
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (ReferenceEquals(instrument.Meter, gateway.App.Services.GetRequiredService<GatewayMeter>().Meter))
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, measurement, tags, _) =>
        {
            if (instrument.Name == "gatewaykit.policy.refusals")
            {
                var values = tags.ToArray().ToDictionary();
                counted.Enqueue($"{values[TelemetryTags.Policy]} {values[TelemetryTags.Outcome]} {values[TelemetryTags.Reason]} {measurement}");
            }
        });
        listener.Start();
        using var response = await gateway.Client.GetAsync(path);
        Assert.Equal(status, response.StatusCode);
        return (await observer.NextAsync(), [.. counted]);
    }

    private sealed record AnswerCheckPolicy : IGatewayPolicy
    {
        public PolicyMode Mode { get; init; }

        public AnswerCheckPolicy? Named { get; init; }

        GatewayStage IGatewayPolicy.Stage => GatewayStage.Validate;
    }

    private sealed class AnswerCheckFilterFactory : GatewayFilterFactory<AnswerCheckPolicy>
    {
        private static readonly GatewayProblem Problem = new(BadAnswer);

        protected override EndpointFilterDelegate Create(AnswerCheckPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next) => async context =>
        {
            _ = await next(context);
            return GatewayContext.From(context).RefuseAnswer(policy.Named ?? policy, Problem);
        };
    }
}
