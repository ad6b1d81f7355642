using System.Net;
using System.Runtime.CompilerServices;
using GatewayKit.Pipeline;
using GatewayKit.Throttling;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Throttling;

public sealed class ThrottleAllowancesTests : IDisposable
{
    private static readonly ThrottlePolicy OnePerAddress = new() { RequestsPerSecond = 0.01 };

    private readonly FakeTimeProvider _time = new();
    private readonly ServiceProvider _services;
    private readonly ThrottleAllowances _allowances;

    public ThrottleAllowancesTests()
    {
        var services = new ServiceCollection().AddLogging().AddSingleton<TimeProvider>(_time);
        services.AddApiGateway();
        services.Configure<ThrottlingOptions>(static options => options.MaxKeys = 64);
        _services = services.BuildServiceProvider();
        _allowances = _services.GetRequiredService<ThrottleAllowances>();
    }

    [Fact]
    public void Route_keeps_its_allowance_when_it_is_built_again()
    {
        var first = _allowances.For("orders", OnePerAddress);
        Assert.True(first.Take(From("192.0.2.1"), cost: 1).IsTaken);
        Assert.False(_allowances.For("Orders", OnePerAddress with { }).Take(From("192.0.2.1"), cost: 1).IsTaken);
        Assert.False(_allowances.For("orders", OnePerAddress with { Mode = PolicyMode.Shadow }).Take(From("192.0.2.1"), cost: 1).IsTaken);
        GC.KeepAlive(first);
    }

    [Fact]
    public void Reload_that_changes_the_delay_hands_out_no_fresh_burst()
    {
        var first = _allowances.For("orders", OnePerAddress);
        Assert.Same(first, _allowances.For("orders", OnePerAddress with { MaxDelay = TimeSpan.FromSeconds(1) }));
    }

    [Fact]
    public void Other_routes_rates_and_partitions_have_allowances_of_their_own()
    {
        ThrottleAllowance[] all =
        [
            _allowances.For("orders", OnePerAddress),
            _allowances.For("stock", OnePerAddress),
            _allowances.For("orders", OnePerAddress with { Burst = 2 }),
            _allowances.For("orders", OnePerAddress with { RequestsPerSecond = 1 }),
            _allowances.For("orders", OnePerAddress with { Partition = ThrottlePartition.Route }),
            _allowances.For("orders", OnePerAddress with { CostName = "tokens" }),
            _allowances.For("orders", OnePerAddress with { CostName = "cents" }),
            _allowances.For("orders", OnePerAddress with { CostHeader = "tokens" }),
        ];
        Assert.Equal(all.Length, all.Distinct().Count());
    }

    [Fact]
    public void Constant_allowance_is_shared_by_all_routes_with_an_equal_policy()
    {
        var policy = OnePerAddress with { Partition = ThrottlePartition.Constant };
        Assert.Same(_allowances.For("orders", policy), _allowances.For("stock", policy));
        Assert.NotSame(_allowances.For("orders", policy), _allowances.For("stock", policy with { Burst = 2 }));
    }

    [Fact]
    public void Route_allowance_is_shared_by_all_callers()
    {
        var allowance = _allowances.For("orders", OnePerAddress with { Partition = ThrottlePartition.Route });
        Assert.True(allowance.Take(From("192.0.2.1"), cost: 1).IsTaken);
        Assert.False(allowance.Take(From("192.0.2.2"), cost: 1).IsTaken);
    }

    [Fact]
    public void Requests_without_the_header_share_one_allowance()
    {
        var allowance = _allowances.For("orders", OnePerAddress with { Partition = ThrottlePartition.Header("X-Tenant"), Burst = 2 });
        Assert.True(allowance.Take(From("192.0.2.1"), cost: 1).IsTaken);
        Assert.True(allowance.Take(From("192.0.2.2", tenant: ""), cost: 1).IsTaken);
        Assert.False(allowance.Take(From("192.0.2.3"), cost: 1).IsTaken);
        Assert.True(allowance.Take(From("192.0.2.1", tenant: "one"), cost: 1).IsTaken);
    }

    [Fact]
    public void Requests_without_an_address_share_one_allowance()
    {
        var allowance = _allowances.For("orders", OnePerAddress);
        Assert.True(allowance.Take(new DefaultHttpContext(), cost: 1).IsTaken);
        Assert.False(allowance.Take(new DefaultHttpContext(), cost: 1).IsTaken);
    }

    [Fact]
    public void Allowances_that_no_endpoint_uses_any_more_are_dropped()
    {
        var kept = _allowances.For("kept", OnePerAddress);
        Assert.True(kept.Take(From("192.0.2.1"), cost: 1).IsTaken);
        for (var generation = 0; generation < 10; generation++)
        {
            Build(generation);
            GC.Collect();
        }

        Assert.InRange(_allowances.Count, 1, 2 * 64);
        Assert.Same(kept, _allowances.For("kept", OnePerAddress));

        [MethodImpl(MethodImplOptions.NoInlining)]
        void Build(int generation)
        {
            for (var route = 0; route < 60; route++)
            {
                _allowances.For($"route-{generation}-{route}", OnePerAddress);
            }
        }
    }

    [Fact]
    public void No_more_than_a_thousand_wait_at_one_throttle()
    {
        var allowance = _allowances.For("orders", OnePerAddress);
        Assert.All(Enumerable.Range(0, 1_000), _ => Assert.True(allowance.TryWait()));
        Assert.False(allowance.TryWait());
        allowance.EndWait();
        Assert.True(allowance.TryWait());
        Assert.False(allowance.TryWait());
    }

    [Fact]
    public void Endpoints_share_what_a_constant_part_says()
    {
        var policy = OnePerAddress with { Partition = ThrottlePartition.Parse("Header:X-Tenant+Constant") };
        var (orders, stock) = (_allowances.For("orders", policy), _allowances.For("stock", policy));
        Assert.True(orders.Take(From("192.0.2.1", tenant: "one"), cost: 1).IsTaken);
        Assert.False(stock.Take(From("192.0.2.2", tenant: "one"), cost: 1).IsTaken);
        Assert.True(stock.Take(From("192.0.2.2", tenant: "two"), cost: 1).IsTaken);
    }

    public void Dispose() => _services.Dispose();

    private static DefaultHttpContext From(string address, string? tenant = null)
    {
        var context = new DefaultHttpContext { Connection = { RemoteIpAddress = IPAddress.Parse(address) } };
        if (tenant is not null)
        {
            context.Request.Headers["X-Tenant"] = tenant;
        }

        return context;
    }
}
