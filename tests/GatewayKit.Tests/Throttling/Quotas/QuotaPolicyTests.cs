using System.Text;
using GatewayKit.Configuration;
using GatewayKit.Pipeline;
using GatewayKit.Throttling;
using GatewayKit.Throttling.Quotas;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace GatewayKit.Tests.Throttling.Quotas;

public sealed class QuotaPolicyTests
{
    private static readonly QuotaPolicy Monthly = new() { Limit = 1_000, Window = new CalendarWindow(CalendarUnit.Month) };

    public static TheoryData<QuotaPolicy, string> Impossible() => new()
    {
        { Monthly with { Limit = 0 }, "Limit is 0; it must be from 1 to 1000000000000000." },
        { Monthly with { Limit = 1_000_000_000_000_001 }, "Limit is 1000000000000001" },
        { Monthly with { Cost = -1 }, "Cost is -1" },
        { Monthly with { Cost = 0 }, "no request would ever count" },
        { Monthly with { Cost = 1_001 }, "no request could ever pass" },
        { Monthly with { MaxOverage = -1 }, "MaxOverage is -1" },
        { Monthly with { WarnAtPercent = 0 }, "WarnAtPercent" },
        { Monthly with { WarnAtPercent = 101 }, "WarnAtPercent" },
        { Monthly with { Name = "" }, "because it stands in a header" },
        { Monthly with { Name = "a\nb" }, "because it stands in a header" },
        { Monthly with { CostHeader = "X-Cost" }, "CostHeader is of no use with Requests" },
        { Monthly with { Unit = QuotaUnit.Cost("tokens"), CostHeader = "X Cost" }, "not a header name" },
        { Monthly with { Window = new CalendarWindow(CalendarUnit.Month, "Europe/Atlantis") }, "knows no time zone 'Europe/Atlantis'" },
        { Monthly with { Window = new AnniversaryWindow(new(2026, 1, 1), TimeZone: "Mars") }, "knows no time zone 'Mars'" },
        { Monthly with { Window = new AnniversaryWindow(new(1, 1, 1)) }, "its year must be from 1900 to 2200" },
        { Monthly with { Window = new RollingWindow(TimeSpan.FromSeconds(0.5)) }, "Rolling is 00:00:00.5000000" },
        { Monthly with { Window = new RollingWindow(TimeSpan.FromDays(367)) }, "Rolling is 367.00:00:00" },
        { Monthly with { Window = new RollingWindow(TimeSpan.FromDays(1), Buckets: 0) }, "Buckets is 0; it must be from 1 to 1000." },
        { Monthly with { Window = new FirstUseWindow(TimeSpan.Zero) }, "FirstUse is 00:00:00" },
        { Monthly with { Window = new LifetimeWindow { Lifetime = false } }, "Lifetime is false" },
    };

    [Theory]
    [MemberData(nameof(Impossible))]
    public void Setting_that_makes_no_sense_is_refused_where_it_is_made(QuotaPolicy policy, string words)
    {
        var error = Assert.Throws<OptionsValidationException>(() => new NoEndpoints().WithQuota(policy));
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Setting_at_the_edge_of_its_range_is_accepted()
    {
        new NoEndpoints().WithQuota(1, new LifetimeWindow());
        new NoEndpoints().WithQuota(new() { Limit = 1_000_000_000_000_000, MaxOverage = 1_000_000_000_000_000, Window = new RollingWindow(TimeSpan.FromDays(366), 1_000), WarnAtPercent = 100 });
        new NoEndpoints().WithQuota(new() { Limit = 1, Unit = QuotaUnit.Cost("tokens"), Cost = 0, CostHeader = "X-Tokens", Window = new FirstUseWindow(TimeSpan.FromSeconds(1)) });
    }

    [Fact]
    public void Rates_run_before_quotas_whatever_the_metadata_says()
    {
        var policies = EffectivePolicies.Of([Monthly, new ThrottlePolicy { RequestsPerSecond = 1, Partition = ThrottlePartition.Route }, new ThrottlePolicy { RequestsPerSecond = 1 }]);
        Assert.Equal([typeof(ThrottlePolicy), typeof(ThrottlePolicy), typeof(QuotaPolicy)], policies.Ordered.Select(static policy => policy.GetType()));
    }

    [Fact]
    public void Slot_is_partition_unit_and_window()
    {
        Assert.Equal(SlotOf(Monthly), SlotOf(Monthly with { Limit = 5, Cost = 2, Window = new CalendarWindow(CalendarUnit.Month) }));
        Assert.NotEqual(SlotOf(Monthly), SlotOf(Monthly with { Window = new CalendarWindow(CalendarUnit.Day) }));
        Assert.NotEqual(SlotOf(Monthly), SlotOf(Monthly with { Unit = QuotaUnit.ContentBytes }));
        Assert.NotEqual(SlotOf(Monthly), SlotOf(Monthly with { Partition = ThrottlePartition.Route }));
    }

    [Theory]
    [InlineData("requests", "Requests")]
    [InlineData("CONTENTBYTES", "ContentBytes")]
    [InlineData("RequestBytes", "RequestBytes")]
    [InlineData("responsebytes", "ResponseBytes")]
    [InlineData("cost:tokens", "Cost:tokens")]
    public void Unit_is_read_from_the_form_that_it_prints(string text, string printed)
    {
        Assert.Equal(printed, QuotaUnit.Parse(text).ToString());
        Assert.Equal(QuotaUnit.Parse(printed), QuotaUnit.Parse(text.ToUpperInvariant()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Bytes")]
    [InlineData("Cost:")]
    [InlineData("Cost:a b")]
    public void Unit_that_is_none_is_answered_with_those_there_are(string text) =>
        Assert.Contains("Known are Requests, RequestBytes, ResponseBytes, ContentBytes and Cost:<name>", Assert.Throws<FormatException>(() => QuotaUnit.Parse(text)).Message, StringComparison.Ordinal);

    // The key that says which window it is must be written, whatever its default.
    [Fact]
    public void Every_window_is_written_so_that_it_is_read_again()
    {
        var services = new ServiceCollection();
        services.AddApiGateway();
        using var provider = services.BuildServiceProvider();
        foreach (QuotaWindow window in (QuotaWindow[])[new CalendarWindow(CalendarUnit.Day), new AnniversaryWindow(new(2026, 1, 31)), new RollingWindow(TimeSpan.FromDays(1)), new FirstUseWindow(TimeSpan.FromDays(1)), new LifetimeWindow()])
        {
            RouteSet set = new() { Defaults = [Monthly with { Window = window }] };
            using var json = new MemoryStream(Encoding.UTF8.GetBytes(provider.GetRequiredService<GatewayConfigurationWriter>().Write(set, includeDefaults: false)));
            var errors = new List<ConfigurationError>();
            var read = provider.GetRequiredService<SectionBinder>().BindRouteSet(new ConfigurationBuilder().AddJsonStream(json).Build(), errors);
            Assert.Empty(errors);
            Assert.Equal(set.Defaults, read.Defaults);
        }
    }

    private static object SlotOf(QuotaPolicy policy) => ((IGatewayPolicy)policy).Slot;

    private sealed class NoEndpoints : IEndpointConventionBuilder
    {
        public void Add(Action<EndpointBuilder> convention)
        {
        }
    }
}
