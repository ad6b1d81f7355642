using System.Net;
using GatewayKit.Pipeline;
using GatewayKit.Rollout;
using GatewayKit.Rollout.Splits;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Rollout;

public sealed class KeyTests
{
    // Written down: other instances, and this one after an update, must say the same.
    [Theory]
    [InlineData("orders", "user-1", 5_524)]
    [InlineData("ORDERS", "user-1", 5_524)]
    [InlineData("orders", "user-2", 1_657)]
    [InlineData("stock", "user-1", 338)]
    public void Bucket_of_a_key_is_the_same_everywhere_and_another_for_another_salt(string salt, string key, int bucket) =>
        Assert.Equal(bucket, KeyHash.BucketOf(new KeyHash(salt).Of(key)));

    [Theory]
    [InlineData(0UL, 0)]
    [InlineData(ulong.MaxValue, 9_999)]
    [InlineData(ulong.MaxValue / 2, 4_999)]
    public void Buckets_share_the_range_of_hashes(ulong hash, int bucket) => Assert.Equal(bucket, KeyHash.BucketOf(hash));

    [Theory]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("2001:db8::1", "2001:db8::2", true)]
    [InlineData("2001:db8::1", "2001:db8:0:1::1", false)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    public void Addresses_of_one_host_are_one_key(string one, string other, bool same)
    {
        var hash = new KeyHash("r");
        Assert.Equal(same, hash.Of(IPAddress.Parse(one)) == hash.Of(IPAddress.Parse(other)));
    }

    [Theory]
    [InlineData("a=1; b=2", "b", "2")]
    [InlineData("a=1;b=2", "b", "2")]
    [InlineData("ab=1; b=2; b=3", "b", "2")]
    [InlineData("b=; a=1", "b", "")]
    [InlineData("a=1", "b", null)]
    [InlineData("b", "b", null)]
    [InlineData("", "b", null)]
    public void Cookie_is_found_by_its_whole_name(string line, string name, string? value)
    {
        Assert.Equal(value is not null, CookieField.TryFind(line, name, out var found));
        Assert.Equal(value ?? string.Empty, found.ToString());
    }

    [Theory]
    [InlineData("a=1; b=2; c=3", "a=1; c=3")]
    [InlineData("b=2; b=3", null)]
    [InlineData("a=1", "a=1")]
    public void Cookie_is_removed_and_nothing_else(string line, string? rest) =>
        Assert.Equal(new StringValues(rest), CookieField.Without(line, "b"));

    [Fact]
    public void Issued_ids_are_keys_and_what_looks_otherwise_is_none()
    {
        var ids = Enumerable.Range(0, 1_000).Select(static _ => IssuedId.Create()).ToArray();
        Assert.All(ids, static id => Assert.True(IssuedId.Is(id)));
        Assert.Distinct(ids);
        Assert.All((string[])["", "short", new string('a', 23), new string('a', 21) + "=", new string('a', 21) + "é"], static text => Assert.False(IssuedId.Is(text)));
    }

    [Fact]
    public void Header_is_a_key_only_if_it_is_there_once_and_not_too_long()
    {
        var source = new KeySource(RolloutKey.Header("X-Tenant"), "c", new("r"));
        foreach (var (values, isKey) in ((StringValues, bool)[])[("one", true), (default, false), ("", false), (new(["one", "two"]), false), (new string('a', 257), false)])
        {
            var context = new DefaultHttpContext();
            context.Request.Headers["X-Tenant"] = values;
            Assert.Equal(isKey, source.TryHash(context, out _));
        }
    }

    [Theory]
    [InlineData("consumer", "Consumer")]
    [InlineData("COOKIE", "Cookie")]
    [InlineData("ClientAddress", "ClientAddress")]
    [InlineData("None", "None")]
    [InlineData("header:X-A", "Header:X-A")]
    public void Key_is_read_as_it_is_printed(string text, string printed)
    {
        Assert.Equal(printed, RolloutKey.Parse(text).ToString());
        Assert.Equal(RolloutKey.Parse(printed), RolloutKey.Parse(text));
    }

    [Theory]
    [InlineData("Header:")]
    [InlineData("Header:a b")]
    [InlineData("User")]
    public void What_is_no_key_says_which_there_are(string text) =>
        Assert.Contains("Consumer, Cookie, ClientAddress, None and Header:<name>", Assert.Throws<FormatException>(() => RolloutKey.Parse(text)).Message, StringComparison.Ordinal);

    // Three standard errors of the algorithm; the keys are those of one side, whose high bits are alike.
    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(5_000)]
    [InlineData(200_000)]
    public void Different_keys_are_counted_to_a_tenth(int keys)
    {
        var (estimate, hash) = (new KeyEstimate(new FakeTimeProvider()), new KeyHash("r"));
        for (var i = 0; i < keys; i++)
        {
            var value = hash.Of($"user-{i}") >> 7;
            estimate.Add(value);
            estimate.Add(value);
        }

        Assert.InRange(estimate.Count, keys * 0.9, keys * 1.1);
    }

    [Fact]
    public void Keys_are_forgotten_after_twenty_minutes()
    {
        var time = new FakeTimeProvider();
        var estimate = new KeyEstimate(time);
        estimate.Add(12_345);
        time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(1, estimate.Count);
        time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(0, estimate.Count);
        estimate.Add(12_345);
        time.Advance(TimeSpan.FromHours(9));
        Assert.Equal(0, estimate.Count);
    }
}
