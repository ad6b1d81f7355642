using System.Net;
using System.Security.Claims;
using GatewayKit.Throttling;
using GatewayKit.Throttling.Quotas;
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
        Assert.False(ThrottleKey.TryRead(new DefaultHttpContext(), ThrottlePartition.ClientAddress, out _));

    [Fact]
    public void Keys_of_addresses_and_headers_are_read_without_allocation()
    {
        var context = new DefaultHttpContext { Connection = { RemoteIpAddress = IPAddress.Parse("2001:db8::1") } };
        context.Request.Headers["X-Tenant"] = "one";
        ThrottlePartition[] partitions = [.. new[] { "ClientAddress", "Header:X-Tenant", "Header:X-Tenant+ClientAddress" }.Select(static text => ThrottlePartition.Parse(text))];
        Assert.All(partitions, partition => Assert.True(ThrottleKey.TryRead(context, partition, out _)));
        Assert.Equal(0, Allocations.Of(() =>
        {
            for (var i = 0; i < 1_000; i++)
            {
                foreach (var partition in partitions)
                {
                    ThrottleKey.TryRead(context, partition, out _);
                }
            }
        }));
    }

    // Requests as "address|A|B|claim|claim"; null: the other one has no key. Rates and quotas agree on who is who.
    [Theory]
    [InlineData("ClientAddress", "192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("ClientAddress", "2001:db8:1:2::1", "2001:db8:1:2:f::", true)]
    [InlineData("ClientAddress", "2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    [InlineData("ClientAddress+Header:A", "192.0.2.1|x", "::ffff:192.0.2.1|x", true)]
    [InlineData("ClientAddress+Header:A", "192.0.2.1|x", "192.0.2.1|y", false)]
    [InlineData("ClientAddress+Header:A", "192.0.2.1|x", "192.0.2.2|x", false)]
    [InlineData("Header:A+Header:B", "192.0.2.1|x|y", "192.0.2.9|x|y", true)]
    [InlineData("Header:A+Header:B", "192.0.2.1|x|y", "192.0.2.1|y|x", false)]
    [InlineData("Header:B+Header:A", "192.0.2.1|ab|c", "192.0.2.1|a|bc", false)]
    [InlineData("Header:A+Header:B", "192.0.2.1|x|y", "192.0.2.1|x", null)]
    [InlineData("Header:A+Route", "192.0.2.1|x", "192.0.2.2|x", true)]
    [InlineData("Header:A+Constant", "192.0.2.1|x", "192.0.2.2|y", false)]
    [InlineData("Claim:sub", "192.0.2.1|||one", "192.0.2.2|||one", true)]
    [InlineData("Claim:sub", "192.0.2.1|||one", "192.0.2.1|||One", false)]
    [InlineData("Claim:sub", "192.0.2.1|||one", "192.0.2.1|||one|two", null)]
    [InlineData("Claim:sub", "192.0.2.1|||one", "192.0.2.1|one", null)]
    [InlineData("Claim:sub", "192.0.2.1|||one", "192.0.2.1|||!one", null)]
    [InlineData("Claim:SUB+ClientAddress", "192.0.2.1|||one", "192.0.2.1|||one", true)]
    [InlineData("Claim:sub+Header:A", "192.0.2.1|x|y|one", "192.0.2.1|one|y|x", false)]
    public void Two_requests_share_a_key_or_do_not(string partition, string one, string other, bool? share)
    {
        var parsed = ThrottlePartition.Parse(partition);
        var secret = new byte[32];
        var quotas = new QuotaPartitionKeys("quota", parsed);
        var ((first, second), (left, right)) = ((Request(one), Request(other)), (default(QuotaKey), default(QuotaKey)));
        Assert.True(ThrottleKey.TryRead(first, parsed, out var key) && quotas.TryRead(first, secret, out left));
        var (isThere, isThereForQuotas) = (ThrottleKey.TryRead(second, parsed, out var otherKey), quotas.TryRead(second, secret, out right));
        Assert.Equal((share is not null, share is not null), (isThere, isThereForQuotas));
        Assert.Equal((share ?? false, share ?? false), (key == otherKey, left == right));
    }

    [Fact]
    public void Function_reads_a_key_of_its_own()
    {
        var partition = ThrottlePartition.From("path", static context => context.Request.Path.Value);
        var (one, other) = (new DefaultHttpContext { Request = { Path = "/a" } }, new DefaultHttpContext { Request = { Path = "/b" } });
        Assert.True(ThrottleKey.TryRead(one, partition, out var key) & ThrottleKey.TryRead(other, partition, out var otherKey));
        Assert.NotEqual(key, otherKey);
        Assert.False(ThrottleKey.TryRead(new DefaultHttpContext(), ThrottlePartition.From("none", static _ => null), out _));
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

    private static DefaultHttpContext Request(string text)
    {
        var fields = text.Split('|');
        var context = new DefaultHttpContext { Connection = { RemoteIpAddress = IPAddress.Parse(fields[0]) } };
        context.Request.Headers["A"] = fields.ElementAtOrDefault(1);
        context.Request.Headers["B"] = fields.ElementAtOrDefault(2);

        // Of a caller that is not authenticated the value begins with "!".
        var isKnown = !fields.Skip(3).Any(static value => value.StartsWith('!'));
        context.User = new(new ClaimsIdentity(fields.Skip(3).Select(static value => new Claim("sub", value.TrimStart('!'))), isKnown ? "test" : null));
        return context;
    }

    private static bool Read(StringValues values)
    {
        var context = new DefaultHttpContext();
        context.Request.Headers["X-Tenant"] = values;
        return ThrottleKey.TryRead(context, ThrottlePartition.Header("x-tenant"), out _);
    }
}
