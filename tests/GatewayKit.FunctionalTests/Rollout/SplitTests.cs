using System.Net;
using GatewayKit.Clusters;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using GatewayKit.Rollout;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Builder;

namespace GatewayKit.FunctionalTests.Rollout;

/// <summary>Which destination answers whom.</summary>
public sealed class SplitTests
{
    private const string Name = ".GatewayKit.Rollout";

    private static readonly RouteSplit Half = RouteSplit.Between("stable", "canary", percent: 50);
    private static readonly IPNetwork Loopback = IPNetwork.Parse("127.0.0.0/8"), Elsewhere = IPNetwork.Parse("192.0.2.0/24");

    [Fact]
    public async Task Browser_without_a_cookie_is_given_one_and_stays_where_it_was()
    {
        await using var gateway = await SplitGateway.StartAsync(Half);
        var sides = new HashSet<string>();
        for (var i = 0; i < 40; i++)
        {
            using var first = await gateway.SendAsync();
            var side = await first.Content.ReadAsStringAsync();
            var issued = Assert.Single(first.Headers.GetValues("Set-Cookie"));
            Assert.Matches($"^{Name}=[A-Za-z0-9_-]{{22}}; max-age=2592000; path=/; samesite=lax; httponly$", issued);
            for (var again = 0; again < 3; again++)
            {
                using var next = await gateway.SendAsync(cookie: $"other=1; {issued.Split(';')[0]}");
                Assert.Equal(side, await next.Content.ReadAsStringAsync());
                Assert.False(next.Headers.Contains("Set-Cookie"));
            }

            sides.Add(side);
        }

        Assert.Equal(["canary", "stable"], sides.Order());
    }

    [Fact]
    public async Task Cookie_that_is_no_id_is_replaced()
    {
        await using var gateway = await SplitGateway.StartAsync(Half);
        using var response = await gateway.SendAsync(cookie: $"{Name}=x");
        Assert.True(response.Headers.Contains("Set-Cookie"));
    }

    [Theory]
    [InlineData("always", "canary")]
    [InlineData("never", "stable")]
    [InlineData("Canary", "canary")]
    [InlineData("stable", "stable")]
    public async Task Trusted_client_chooses_its_side_by_header_or_cookie_and_is_given_no_id(string word, string side)
    {
        foreach (var percent in (double[])[0, 100])
        {
            await using var gateway = await SplitGateway.StartAsync(RouteSplit.Between("stable", "canary", percent) with { Force = new() { Header = "X-Canary", Cookie = "canary", Networks = [Loopback] } });
            using var byHeader = await gateway.SendAsync(canary: word);
            Assert.Equal(side, await byHeader.Content.ReadAsStringAsync());
            Assert.Equal(word, byHeader.Headers.GetValues("X-Seen-Canary").Single());
            Assert.False(byHeader.Headers.Contains("Set-Cookie"));
            Assert.Equal(side, await gateway.GetAsync(cookie: $"canary={word}"));
        }
    }

    [Theory]
    [InlineData("always", 0, "stable")]
    [InlineData("never", 100, "canary")]
    public async Task Word_of_other_clients_is_ignored_and_does_not_reach_the_destination(string word, double percent, string side)
    {
        await using var gateway = await SplitGateway.StartAsync(RouteSplit.Between("stable", "canary", percent) with { Force = new() { Header = "X-Canary", Cookie = "canary", Networks = [Elsewhere] } });
        using var response = await gateway.SendAsync(cookie: $"a=1; canary={word}; b=2", canary: word);
        Assert.Equal(side, await response.Content.ReadAsStringAsync());
        Assert.Equal(string.Empty, response.Headers.GetValues("X-Seen-Canary").Single());
        Assert.Equal("a=1; b=2", response.Headers.GetValues("X-Seen-Cookie").Single());
    }

    [Fact]
    public async Task Nonsense_from_a_trusted_client_chooses_nothing()
    {
        await using var gateway = await SplitGateway.StartAsync(RouteSplit.Between("stable", "canary", 100) with { Force = new() { Header = "X-Canary", Networks = [Loopback] } });
        Assert.Equal("canary", await gateway.GetAsync(canary: "sometimes"));
    }

    [Theory]
    [InlineData(UnavailableCanary.Fallback, HttpStatusCode.OK)]
    [InlineData(UnavailableCanary.Fail, HttpStatusCode.ServiceUnavailable)]
    public async Task Canary_without_a_destination_falls_back_to_stable_or_fails(UnavailableCanary onUnavailable, HttpStatusCode status)
    {
        await using var gateway = await SplitGateway.StartAsync(RouteSplit.Between("stable", "canary", 100) with { OnUnavailable = onUnavailable }, withoutCanary: true);
        using var response = await gateway.SendAsync();
        Assert.Equal(status, response.StatusCode);
    }

    [Fact]
    public async Task Client_is_told_the_side_only_where_that_is_asked_for()
    {
        await using var silent = await SplitGateway.StartAsync(RouteSplit.Between("stable", "canary", 100));
        using var nothing = await silent.SendAsync();
        Assert.DoesNotContain(nothing.Headers, static header => header.Value.Contains("canary"));

        await using var open = await SplitGateway.StartAsync(RouteSplit.Between("stable", "canary", 100) with { ResponseHeader = "X-Served-By" });
        using var told = await open.SendAsync();
        Assert.Equal("canary", told.Headers.GetValues("X-Served-By").Single());
    }

    [Fact]
    public async Task Keyless_requests_of_a_split_by_header_go_to_the_stable_cluster()
    {
        await using var gateway = await SplitGateway.StartAsync(RouteSplit.Between("stable", "canary", 100) with { Key = RolloutKey.Header("X-Canary") });
        Assert.Equal("stable", await gateway.GetAsync());
        Assert.Equal("canary", await gateway.GetAsync(canary: "tenant-1"));
    }

    [Fact]
    public async Task Requests_without_a_key_of_their_own_are_drawn_one_by_one()
    {
        await using var gateway = await SplitGateway.StartAsync(Half with { Key = RolloutKey.None });
        var answers = new List<string>();
        for (var i = 0; i < 100; i++)
        {
            using var response = await gateway.SendAsync();
            Assert.False(response.Headers.Contains("Set-Cookie"));
            answers.Add(await response.Content.ReadAsStringAsync());
        }

        // 50 give or take 25: five standard deviations.
        Assert.InRange(answers.Count(static answer => answer == "canary"), 25, 75);
    }

    [Fact]
    public async Task Split_in_shadow_mode_changes_nothing()
    {
        await using var gateway = await SplitGateway.StartAsync(RouteSplit.Between("stable", "canary", 100) with { Mode = PolicyMode.Shadow, Force = new() { Header = "X-Canary", Networks = [Loopback] } });
        using var response = await gateway.SendAsync(canary: "always");
        Assert.Equal("stable", await response.Content.ReadAsStringAsync());
        Assert.False(response.Headers.Contains("Set-Cookie"));
    }

    [Fact]
    public async Task Cluster_of_a_split_that_changes_is_the_new_one_at_once()
    {
        await using var gateway = await SplitGateway.StartAsync(RouteSplit.Between("stable", "canary", 100));
        Assert.Equal("canary", await gateway.GetAsync());
        await using var other = await Upstream.StartAsync(SplitGateway.Answer("other"));
        gateway.Source.Set = gateway.Source.Set with { Clusters = [gateway.Source.Set.Clusters[0], SplitGateway.Cluster("canary", other.Address)] };
        await gateway.Gateway.ReloadAsync();
        Assert.Equal("other", await gateway.GetAsync());
    }

    [Fact]
    public async Task Split_can_be_mapped_in_code()
    {
        await using var canary = await Upstream.StartAsync(SplitGateway.Answer("canary"));
        await using var gateway = await TestHost.GatewayAsync(
            services: builder => builder.AddCluster("stable", "http://127.0.0.1:1").AddCluster("canary", canary.Address.ToString()),
            map: static app => app.MapGatewayRoute("/x/{**rest}", RouteSplit.Between("stable", "canary", percent: 100)));
        Assert.Equal("canary", await gateway.Client.GetStringAsync("/x/1"));
    }
}
