using System.Net;
using GatewayKit.Throttling;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.Tests.Throttling;

public sealed class ThrottleKeyTests
{
    [Theory]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1")]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff")]
    [InlineData("fe80::1%1", "fe80::1%2")]
    [InlineData("fe80::1", "fe80::2%3")]
    public void Addresses_of_one_host_share_a_key(string one, string other) =>
        Assert.Equal(ThrottleKey.Of(IPAddress.Parse(one)), ThrottleKey.Of(IPAddress.Parse(other)));

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.2")]
    [InlineData("192.0.2.1", "::192.0.2.1")]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1")]
    [InlineData("0.0.0.0", "::")]
    public void Addresses_of_two_hosts_do_not(string one, string other) =>
        Assert.NotEqual(ThrottleKey.Of(IPAddress.Parse(one)), ThrottleKey.Of(IPAddress.Parse(other)));

    [Fact]
    public void Header_values_differ_by_every_character_and_by_case()
    {
        string[] values = ["a", "b", "A", "a ", "aa", "a\0", new string('a', 256), new string('a', 255)];
        Assert.Equal(values.Length, values.Select(static value => ThrottleKey.Of(value)).Distinct().Count());
        Assert.Equal(ThrottleKey.Of("tenant-1"), ThrottleKey.Of("tenant-1"));
    }

    [Fact]
    public void Header_without_one_bearable_value_has_no_key()
    {
        StringValues[] unusable = [default, "", new(["a", "b"]), new string('a', 257)];
        Assert.All(unusable, static values => Assert.False(Read(values)));
        Assert.True(Read("a"));
        Assert.True(Read(new string('a', 256)));
    }

    [Fact]
    public void Request_on_a_transport_without_addresses_has_no_address_key() =>
        Assert.False(ThrottleKey.TryReadAddress(new DefaultHttpContext(), out _));

    [Fact]
    public void Address_and_header_keys_are_read_without_allocation()
    {
        var context = new DefaultHttpContext { Connection = { RemoteIpAddress = IPAddress.Parse("2001:db8::1") } };
        context.Request.Headers["X-Tenant"] = "one";
        Assert.True(ThrottleKey.TryReadAddress(context, out _) && ThrottleKey.TryReadHeader(context, "X-Tenant", out _));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
        {
            ThrottleKey.TryReadAddress(context, out _);
            ThrottleKey.TryReadHeader(context, "X-Tenant", out _);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    // The key 00 01 … 0f and the inputs "", 00 and 00 01 … 0e of the reference implementation's test vectors.
    [Theory]
    [InlineData(0, "A3817F04BA25A8E66DF67214C7550293")]
    [InlineData(1, "DA87C1D86B99AF44347659119B22FC45")]
    [InlineData(15, "5493E99933B0A8117E08EC0F97CFC3D9")]
    public void Hash_is_siphash(int length, string expected)
    {
        var hash = new SipHash(0x0706050403020100, 0x0f0e0d0c0b0a0908).Hash([.. Enumerable.Range(0, length).Select(static i => (byte)i)]);
        Assert.Equal(expected, Convert.ToHexString([.. BitConverter.GetBytes(hash.High), .. BitConverter.GetBytes(hash.Low)]));
    }

    private static bool Read(StringValues values)
    {
        var context = new DefaultHttpContext();
        context.Request.Headers["X-Tenant"] = values;
        return ThrottleKey.TryReadHeader(context, "x-tenant", out _);
    }
}
