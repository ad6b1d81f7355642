using System.Net;
using GatewayKit.Pipeline;
using GatewayKit.Transforms;

namespace GatewayKit.FunctionalTests.Forwarding;

/// <summary>Whom the gateway believes about the hops before the connection. The client of these tests is the peer 127.0.0.1.</summary>
public sealed class TrustedProxyTests
{
    private static readonly IPNetwork Loopback = IPNetwork.Parse("127.0.0.0/8");

    [Fact]
    public async Task Nobody_is_believed_by_default()
    {
        var (head, _) = await RawForwarding.SendAsync("X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-Prefix: /evil\r\n");
        Assert.Equal(["127.0.0.1"], RawForwarding.Lines(head!, "X-Forwarded-For"));
        Assert.Equal(["http"], RawForwarding.Lines(head!, "X-Forwarded-Proto"));
        Assert.Equal(["shop.example"], RawForwarding.Lines(head!, "X-Forwarded-Host"));
        Assert.Empty(RawForwarding.Lines(head!, "X-Forwarded-Prefix"));
    }

    [Theory]
    [InlineData("203.0.113.9", "203.0.113.9, 127.0.0.1")]
    [InlineData("6.6.6.6, 203.0.113.9, 127.0.0.2", "203.0.113.9, 127.0.0.2, 127.0.0.1")]
    [InlineData("6.6.6.6\r\nX-Forwarded-For: 203.0.113.9", "203.0.113.9, 127.0.0.1")]
    [InlineData("203.0.113.9, ,", "127.0.0.1")]
    [InlineData("203.0.113.9, <script>", "127.0.0.1")]
    public async Task Trusted_proxy_is_believed_up_to_the_first_stranger(string sent, string told)
    {
        var (head, _) = await RawForwarding.SendAsync($"X-Forwarded-For: {sent}\r\n", options => options.TrustedProxies = [Loopback]);
        Assert.Equal([told], RawForwarding.Lines(head!, "X-Forwarded-For"));
    }

    [Fact]
    public async Task Trusted_proxy_is_believed_about_scheme_host_and_prefix()
    {
        var (head, _) = await RawForwarding.SendAsync(
            "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: ftp, https\r\nX-Forwarded-Host: shop.example:8443\r\nX-Forwarded-Prefix: /outer\r\n", options => options.TrustedProxies = [Loopback]);
        Assert.Equal(["https, http"], RawForwarding.Lines(head!, "X-Forwarded-Proto"));
        Assert.Equal(["shop.example:8443, shop.example"], RawForwarding.Lines(head!, "X-Forwarded-Host"));
        Assert.Equal(["/outer"], RawForwarding.Lines(head!, "X-Forwarded-Prefix"));
    }

    [Theory]
    [InlineData("X-Forwarded-Proto: javascript:\r\n")]
    [InlineData("X-Forwarded-Host: a/b\r\n")]
    [InlineData("X-Forwarded-Prefix: //evil.example\r\n")]
    public async Task One_bad_field_makes_all_worthless(string bad)
    {
        var (head, _) = await RawForwarding.SendAsync($"X-Forwarded-For: 203.0.113.9\r\n{bad}", options => options.TrustedProxies = [Loopback]);
        Assert.Equal(["127.0.0.1"], RawForwarding.Lines(head!, "X-Forwarded-For"));
    }

    [Fact]
    public async Task Chain_of_a_thousand_entries_is_ignored_whole()
    {
        var chain = string.Join(", ", Enumerable.Range(0, 1_000).Select(static i => $"10.0.{i / 250}.{i % 250}"));
        var (head, answer) = await RawForwarding.SendAsync($"X-Forwarded-For: {chain}\r\n", options => options.TrustedProxies = [Loopback]);
        Assert.StartsWith("HTTP/1.1 200", answer);
        Assert.Equal(["127.0.0.1"], RawForwarding.Lines(head!, "X-Forwarded-For"));
    }

    [Fact]
    public async Task Forwarded_continues_what_a_proxy_of_the_whole_gateway_sent()
    {
        var policy = new TransformPolicy { Steps = [new ForwardedTransform { Forwarded = ForwardedParameters.For, ForFormat = NodeFormat.Ip, Action = ForwardedAction.Append }] };
        var (head, _) = await RawForwarding.SendAsync(
            "Forwarded: for=6.6.6.6, for=\"[2001:db8::1]\";proto=https\r\nX-Forwarded-For: 203.0.113.9\r\n", options => options.TrustedProxies = [Loopback], [policy]);
        Assert.Equal(["for=\"[2001:db8::1]\";proto=https, for=127.0.0.1"], RawForwarding.Lines(head!, "Forwarded"));
        Assert.Empty(RawForwarding.Lines(head!, "X-Forwarded-For"));
    }

    [Fact]
    public async Task Appending_without_anybody_to_trust_stops_the_start()
    {
        var policy = TransformPolicy.Of(static steps => steps.XForwarded(ForwardedAction.Append));
        var exception = await Assert.ThrowsAnyAsync<Exception>(() => RawForwarding.SendAsync(string.Empty, policies: [policy]));
        Assert.Contains("TrustedProxies", exception.ToString());
    }

    [Fact]
    public async Task Trusting_everyone_stops_the_start()
    {
        var exception = await Assert.ThrowsAnyAsync<Exception>(() => RawForwarding.SendAsync(string.Empty, options => options.TrustedProxies = [IPNetwork.Parse("0.0.0.0/0")]));
        Assert.Contains("TrustedProxies:0", exception.ToString());
    }
}
