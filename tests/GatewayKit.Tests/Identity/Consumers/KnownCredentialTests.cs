using GatewayKit.Identity.ApiKeys;
using GatewayKit.Identity.Consumers;
using GatewayKit.Pipeline;
using GatewayKit.Throttling;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace GatewayKit.Tests.Identity.Consumers;

/// <summary>What a credential says of who calls with it.</summary>
public sealed class KnownCredentialTests
{
    private static readonly ConsumerKey Key = ApiKey.Create().ToStored();
    private static readonly ThrottlePolicy Slow = new() { RequestsPerSecond = 1 };
    private static readonly ThrottlePolicy Fast = new() { RequestsPerSecond = 100 };

    private static readonly ConsumerCatalog Catalog = new(
        [new() { Id = "small", Policies = [Slow] }, new() { Id = "big", Policies = [Fast] }, new() { Id = "old", State = PlanState.Closed }, new() { Id = "next", State = PlanState.Draft }],
        [new() { Id = "stock", Routes = ["stock"], Plans = ["small", "old", "next"] }, new() { Id = "orders", Routes = ["orders"], Policies = [Slow] }],
        []);

    [Fact]
    public void Scopes_are_those_of_the_nearest_that_says_so_and_none_is_none()
    {
        string[] all = ["read", "write"];
        Assert.Equal(all, ScopesOf(key: null, application: null));
        Assert.Equal(["read"], ScopesOf(key: ["read"], application: null));
        Assert.Equal(["read"], ScopesOf(key: null, application: ["read"]));
        Assert.Empty(ScopesOf(key: [], application: all));
        Assert.Empty(ScopesOf(key: null, application: []));

        IReadOnlyList<string> ScopesOf(string[]? key, string[]? application) => Resolve(
            new() { Id = "acme", Scopes = all, Applications = [new() { Id = "shop", Scopes = application, Keys = [Key with { Scopes = key }] }] }, "open")!.Scopes;
    }

    [Theory]
    [InlineData("small", true)]
    [InlineData("SMALL", true)]
    [InlineData("big", false)]
    [InlineData("old", false)]
    [InlineData("next", false)]
    [InlineData("gone", false)]
    public void Subscription_grants_a_plan_that_its_product_has_and_that_serves(string plan, bool isGranted) =>
        Assert.Equal(isGranted, Resolve(new() { Id = "acme", Keys = [Key], Subscriptions = [new() { Id = "stock", Plan = plan }] }, "stock") is not null);

    [Theory]
    [InlineData(SubscriptionState.Active, true)]
    [InlineData(SubscriptionState.Submitted, false)]
    [InlineData(SubscriptionState.Suspended, false)]
    [InlineData(SubscriptionState.Rejected, false)]
    [InlineData(SubscriptionState.Cancelled, false)]
    public void Only_an_active_subscription_grants_access(SubscriptionState state, bool isGranted) =>
        Assert.Equal(isGranted, Resolve(new() { Id = "acme", Keys = [Key], Subscriptions = [new() { Id = "stock", Plan = "small", State = state }] }, "stock") is not null);

    [Fact]
    public void Limits_of_the_credential_count_over_subscription_plan_and_product()
    {
        var (ofSubscription, ofKey) = (new ThrottlePolicy { RequestsPerSecond = 2 }, new ThrottlePolicy { RequestsPerSecond = 3 });
        Assert.Equal([Slow], LimitsOf(plan: "none", new() { Id = "orders", Plan = "big" }, catalogHasEmptyPlan: true));
        Assert.Equal([Fast], LimitsOf(plan: "big", new() { Id = "orders", Plan = "big" }));
        Assert.Equal([ofSubscription], LimitsOf(plan: "big", new() { Id = "orders", Plan = "big", Policies = [ofSubscription] }));
        Assert.Equal([ofKey], LimitsOf(plan: "big", new() { Id = "orders", Plan = "big", Policies = [ofSubscription] }, ofKey));

        IEnumerable<IGatewayPolicy> LimitsOf(string plan, Subscription subscription, ThrottlePolicy? key = null, bool catalogHasEmptyPlan = false) => Resolve(
            new() { Id = "acme", Keys = [Key with { Policies = key is null ? [] : [key] }], Subscriptions = [subscription with { Plan = plan }] },
            "orders",
            catalogHasEmptyPlan ? new([new() { Id = "none" }], Catalog.Products, []) : null)!.Plan!.Policies;
    }

    // A made-up plan is no plan that a rule could name.
    [Fact]
    public void Limits_without_a_plan_have_a_name_that_no_plan_can_have()
    {
        var own = Resolve(new() { Id = "acme", Keys = [Key with { Policies = [Slow] }] }, "open")!.Plan!;
        Assert.Equal([Slow], own.Policies);
        Assert.Contains(':', own.Id);
    }

    [Fact]
    public void What_is_the_consumers_own_is_used_by_its_applications_together()
    {
        var (one, two) = (Key, ApiKey.Create().ToStored());
        var consumer = new Consumer
        {
            Id = "acme",
            Plan = "big",
            Subscriptions = [new() { Id = "stock", Plan = "small" }],
            Applications =
            [
                new() { Id = "shop", Keys = [one] },
                new() { Id = "app", Keys = [two], Subscriptions = [new() { Id = "orders", Plan = "big" }] },
            ],
        };
        Assert.Equal(Resolve(consumer, "stock", key: one)!.Subscription, Resolve(consumer, "stock", key: two)!.Subscription);
        Assert.Equal(Resolve(consumer, "open", key: one)!.Subscription, Resolve(consumer, "open", key: two)!.Subscription);
        Assert.NotEqual(Resolve(consumer, "stock", key: two)!.Subscription, Resolve(consumer, "orders", key: two)!.Subscription);
        Assert.Null(Resolve(consumer, "orders", key: one));
        Assert.Equal(("shop", "app"), (Resolve(consumer, "open", key: one)!.ApplicationId, Resolve(consumer, "open", key: two)!.ApplicationId));
    }

    private static GatewayConsumer? Resolve(Consumer consumer, string route, ConsumerCatalog? catalog = null, ConsumerKey? key = null) =>
        KnownCredential.Of(consumer, CredentialKind.ApiKey, (key ?? Key).Id, catalog ?? Catalog)!.TryResolve(Endpoint(route), DateTimeOffset.UnixEpoch, out var resolved) ? resolved : null;

    private static GatewayEndpoint Endpoint(string name) => GatewayEndpoint.Of(new RouteEndpointBuilder(null, RoutePatternFactory.Parse("/"), 0) { DisplayName = name }, []);
}
