using System.Buffers.Binary;
using System.Net;
using GatewayKit.Pipeline;
using GatewayKit.Throttling;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Tests.Pipeline;

/// <summary>Which callers a policy is in force for.</summary>
public sealed class EnforcedShareTests
{
    private const int Callers = 100_000;

    // Written down: other instances, and this one after an update, must say the same.
    [Theory]
    [InlineData("Throttle", "192.0.2.1", 53)]
    [InlineData("Throttle", "192.0.2.2", 31)]
    [InlineData("Throttle", "2001:db8::1", 81)]
    [InlineData("throttle", "192.0.2.1", 53)]
    [InlineData("Quota", "192.0.2.1", 58)]
    [InlineData("Quota", null, 33)]
    public void A_caller_gets_in_at_the_same_percentage_everywhere(string policy, string? address, int percent) =>
        Assert.Equal(percent, Enumerable.Range(1, 100).First(one => new EnforcedShare(policy, one).Includes(Request(address is null ? null : IPAddress.Parse(address)))));

    [Theory]
    [InlineData(1, false)]
    [InlineData(25, false)]
    [InlineData(25, true)]
    [InlineData(50, false)]
    [InlineData(99, true)]
    public void As_many_callers_are_in_as_the_percentage_says(int percent, bool version6)
    {
        var share = new EnforcedShare("Throttle", percent);
        var chosen = Addresses(version6).Count(address => share.Includes(Request(address)));

        // Five standard deviations of the binomial distribution: one run in two million would fail by chance, and the addresses are fixed.
        var bound = 5 * Math.Sqrt(Callers * (percent / 100d) * (1 - (percent / 100d)));
        Assert.InRange(chosen, (Callers * percent / 100) - bound, (Callers * percent / 100) + bound);
    }

    [Fact]
    public void A_larger_percentage_only_adds_callers()
    {
        EnforcedShare[] shares = [.. Enumerable.Range(1, 100).Select(static percent => new EnforcedShare("Throttle", percent))];
        foreach (var address in Addresses(version6: false).Take(10_000))
        {
            var request = Request(address);
            var included = Array.ConvertAll(shares, share => share.Includes(request));
            Assert.True(included[^1]);
            Assert.Equal(included.Order(), included);
        }
    }

    [Fact]
    public void Two_policies_pick_their_callers_independently()
    {
        var (one, other) = (new EnforcedShare("Throttle", 50), new EnforcedShare("Quota", 50));
        var both = Addresses(version6: false).Count(address => one.Includes(Request(address)) && other.Includes(Request(address)));

        Assert.InRange(both, (Callers / 4) - (5 * Math.Sqrt(Callers * 0.25 * 0.75)), (Callers / 4) + (5 * Math.Sqrt(Callers * 0.25 * 0.75)));
    }

    [Theory]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1")]
    [InlineData("2001:db8::1", "2001:db8::ffff:2")]
    public void Addresses_of_one_host_are_one_caller(string one, string other)
    {
        foreach (var percent in Enumerable.Range(1, 100))
        {
            var share = new EnforcedShare("Throttle", percent);
            Assert.Equal(share.Includes(Request(IPAddress.Parse(one))), share.Includes(Request(IPAddress.Parse(other))));
        }
    }

    [Fact]
    public void A_caller_who_is_known_is_in_or_out_wherever_it_calls_from()
    {
        var share = new EnforcedShare("Throttle", 50);
        foreach (var id in Enumerable.Range(0, 50).Select(static number => $"consumer-{number}"))
        {
            Assert.Single(Addresses(version6: false).Take(20).Select(address => share.Includes(Request(address, id))).Distinct());
        }

        Assert.Equal(2, Enumerable.Range(0, 50).Select(number => share.Includes(Request(IPAddress.Loopback, $"consumer-{number}"))).Distinct().Count());
    }

    // Written down, too: a tenant is in or out on all instances.
    [Theory]
    [InlineData("Header:X-Tenant", "one", 92)]
    [InlineData("Header:X-Tenant", "two", 89)]
    [InlineData("Header:X-Tenant+ClientAddress", "one", 42)]
    [InlineData("Header:X-Tenant", null, 53)]
    [InlineData("ClientAddress", "one", 53)]
    [InlineData("Route", "one", 53)]
    public void What_a_policy_tells_callers_apart_by_says_who_gets_in(string partition, string? tenant, int percent)
    {
        var request = Request(IPAddress.Parse("192.0.2.1"));
        request.Request.Headers["X-Tenant"] = tenant;
        IPartitionedPolicy policy = new ThrottlePolicy { RequestsPerSecond = 1, Partition = ThrottlePartition.Parse(partition) };
        Assert.Equal(percent, Enumerable.Range(1, 100).First(one => new EnforcedShare("Throttle", one, policy.CallerKey).Includes(request)));
    }

    // Neighbours, as in a network: nothing a hash may lean on.
    private static IEnumerable<IPAddress> Addresses(bool version6)
    {
        for (var i = 0; i < Callers; i++)
        {
            var bytes = new byte[version6 ? 16 : 4];
            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(version6 ? 4 : 0), 0x0a000000 + i);
            yield return new(bytes);
        }
    }

    private static DefaultHttpContext Request(IPAddress? address, string? caller = null)
    {
        var httpContext = new DefaultHttpContext();
        httpContext.Connection.RemoteIpAddress = address;
        if (caller is not null)
        {
            httpContext.Features.Set(new GatewayConsumer(caller));
        }

        return httpContext;
    }
}
