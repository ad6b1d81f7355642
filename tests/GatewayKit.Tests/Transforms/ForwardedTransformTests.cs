using System.Net;
using GatewayKit.Transforms;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Tests.Transforms;

public sealed class ForwardedTransformTests
{
    private static readonly IPNetwork Trusted = IPNetwork.Parse("10.0.0.0/8");

    [Fact]
    public void Fields_are_set_from_the_connection_and_the_removed_prefix_is_told()
    {
        var exchange = From("192.0.2.1", "/api/x").Apply(steps => steps.XForwarded(ForwardedAction.Set).PathRemovePrefix("/api"));
        Assert.Equal(
            ("192.0.2.1", "https", "shop.example", "/base/api"),
            (exchange.Header("X-Forwarded-For"), exchange.Header("X-Forwarded-Proto"), exchange.Header("X-Forwarded-Host"), exchange.Header("X-Forwarded-Prefix")));
        Assert.False(exchange.Request.WritesForwardedFields);
    }

    [Fact]
    public void Zone_of_an_address_stays_on_this_machine() =>
        Assert.Equal("fe80::1", From("fe80::1%3").Apply(steps => steps.XForwarded(ForwardedAction.Set)).Header("X-Forwarded-For"));

    [Theory]
    [InlineData(ForwardedAction.Off)]
    [InlineData(ForwardedAction.Remove)]
    public void Field_that_is_off_is_not_sent_and_never_the_clients(ForwardedAction action)
    {
        var exchange = From("10.0.0.1");
        exchange.Http.Request.Headers["X-Real-For"] = "203.0.113.9";
        exchange.Request.SetHeader("X-Real-For", "203.0.113.9");
        exchange.Apply(steps => steps.Add(new XForwardedTransform { XForwarded = ForwardedAction.Set, For = action, HeaderPrefix = "X-Real-" }));
        Assert.Equal((null, "https"), (exchange.Header("X-Real-For"), exchange.Header("X-Real-Proto")));
    }

    [Theory]
    [InlineData("10.0.0.1", "203.0.113.9", "203.0.113.9, 10.0.0.1")]
    [InlineData("::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9, 10.0.0.1")]
    [InlineData("10.0.0.1", "2001:db8::1, 10.0.0.2", "2001:db8::1, 10.0.0.2, 10.0.0.1")]
    [InlineData("10.0.0.1", "[2001:db8::1]:80, 10.0.0.3, 10.0.0.2:99", "[2001:db8::1]:80, 10.0.0.3, 10.0.0.2:99, 10.0.0.1")]
    [InlineData("10.0.0.1", "6.6.6.6, 203.0.113.9:80", "203.0.113.9:80, 10.0.0.1")]
    [InlineData("10.0.0.1", "6.6.6.6, 203.0.113.9, 10.0.0.2", "203.0.113.9, 10.0.0.2, 10.0.0.1")]
    [InlineData("10.0.0.1", "10.0.0.9, 203.0.113.9, 10.0.0.2", "203.0.113.9, 10.0.0.2, 10.0.0.1")]
    [InlineData("10.0.0.1", "6.6.6.6, unknown, 10.0.0.2", "unknown, 10.0.0.2, 10.0.0.1")]
    [InlineData("10.0.0.1", "6.6.6.6, _x", "_x, 10.0.0.1")]
    [InlineData("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3, 10.0.0.2, 10.0.0.1")]
    [InlineData("10.0.0.1", "127.1", "10.0.0.1")]
    [InlineData("10.0.0.1", "0x7f.0.0.1", "10.0.0.1")]
    [InlineData("10.0.0.1", "fe80::1%eth0", "10.0.0.1")]
    [InlineData("10.0.0.1", "203.0.113.9:99999", "10.0.0.1")]
    [InlineData("10.0.0.1", "[203.0.113.9]", "10.0.0.1")]
    [InlineData("10.0.0.1", "\"203.0.113.9\"", "10.0.0.1")]
    [InlineData("10.0.0.1", "203.0.113.9, evil", "10.0.0.1")]
    [InlineData("10.0.0.1", "203.0.113.9,", "10.0.0.1")]
    [InlineData("10.0.0.1", null, "10.0.0.1")]
    [InlineData("192.0.2.1", "203.0.113.9", "192.0.2.1")]
    public void Only_a_trusted_peer_is_appended_to_and_only_if_all_is_well_formed(string peer, string? sent, string expected)
    {
        var exchange = From(peer);
        exchange.Http.Request.Headers["X-Forwarded-For"] = sent;
        Assert.Equal(expected, exchange.Apply(steps => steps.XForwarded(ForwardedAction.Append, Trusted)).Header("X-Forwarded-For"));
    }

    [Theory]
    [InlineData("6.6.6.6, 203.0.113.9, 10.0.0.2", "ftp, https, http", "evil, shop.example, inner", "/x, /a, /b", "https, http, https", "shop.example, inner, shop.example", "/a, /b, /base")]
    [InlineData("203.0.113.9", "https", "shop.example", null, "https, https", "shop.example, shop.example", "/base")]
    [InlineData(null, "ftp, https", null, null, "https, https", "shop.example", "/base")]
    [InlineData("203.0.113.9", "https", "a b", null, "https", "shop.example", "/base")]
    [InlineData("203.0.113.9", "https", "user@a", null, "https", "shop.example", "/base")]
    [InlineData("203.0.113.9", "ht tp", "shop.example", null, "https", "shop.example", "/base")]
    [InlineData("203.0.113.9", "https", "shop.example", "/a/../b", "https", "shop.example", "/base")]
    [InlineData("evil", "https", "other.example", "/a", "https", "shop.example", "/base")]
    public void All_fields_are_believed_as_far_as_the_addresses_or_not_at_all(
        string? addresses, string? schemes, string? hosts, string? prefixes, string expectedSchemes, string expectedHosts, string expectedPrefixes)
    {
        var exchange = From("10.0.0.1");
        var headers = exchange.Http.Request.Headers;
        (headers["X-Forwarded-For"], headers["X-Forwarded-Proto"], headers["X-Forwarded-Host"], headers["X-Forwarded-Prefix"]) = (addresses, schemes, hosts, prefixes);
        exchange.Apply(steps => steps.XForwarded(ForwardedAction.Append, Trusted));
        Assert.Equal(
            (expectedSchemes, expectedHosts, expectedPrefixes),
            (exchange.Header("X-Forwarded-Proto"), exchange.Header("X-Forwarded-Host"), exchange.Header("X-Forwarded-Prefix")));
    }

    [Fact]
    public void Chain_that_is_too_long_in_characters_is_cut_off_whole()
    {
        var exchange = From("10.0.0.1");
        exchange.Http.Request.Headers["X-Forwarded-For"] = "_" + new string('x', 2_048);
        Assert.Equal("10.0.0.1", exchange.Apply(steps => steps.XForwarded(ForwardedAction.Append, Trusted)).Header("X-Forwarded-For"));
    }

    [Fact]
    public void Endless_chain_is_cut_off_whole()
    {
        var exchange = From("10.0.0.1");
        exchange.Http.Request.Headers["X-Forwarded-For"] = string.Join(", ", Enumerable.Repeat("203.0.113.9", 1_000));
        Assert.Equal("10.0.0.1", exchange.Apply(steps => steps.XForwarded(ForwardedAction.Append, Trusted)).Header("X-Forwarded-For"));
    }

    [Theory]
    [InlineData("192.0.2.1", NodeFormat.Ip, "for=192.0.2.1")]
    [InlineData("192.0.2.1", NodeFormat.IpAndPort, "for=\"192.0.2.1:4711\"")]
    [InlineData("::ffff:192.0.2.1", NodeFormat.Ip, "for=192.0.2.1")]
    [InlineData("2001:db8::1", NodeFormat.Ip, "for=\"[2001:db8::1]\"")]
    [InlineData("fe80::1%3", NodeFormat.IpAndPort, "for=\"[fe80::1]:4711\"")]
    [InlineData("192.0.2.1", NodeFormat.Unknown, "for=unknown")]
    [InlineData("192.0.2.1", NodeFormat.UnknownAndPort, "for=\"unknown:4711\"")]
    public void Node_is_quoted_where_the_grammar_asks_for_it(string peer, NodeFormat format, string expected) =>
        Assert.Equal(expected, From(peer).Apply(steps => steps.Forwarded(ForwardedParameters.For, forFormat: format)).Header("Forwarded"));

    [Theory]
    [InlineData(NodeFormat.Random, "^for=_[A-Za-z0-9]{9}$")]
    [InlineData(NodeFormat.RandomAndPort, "^for=\"_[A-Za-z0-9]{9}:4711\"$")]
    [InlineData(NodeFormat.RandomAndRandomPort, "^for=\"_[A-Za-z0-9]{9}:_[A-Za-z0-9]{9}\"$")]
    [InlineData(NodeFormat.UnknownAndRandomPort, "^for=\"unknown:_[A-Za-z0-9]{9}\"$")]
    [InlineData(NodeFormat.IpAndRandomPort, "^for=\"192.0.2.1:_[A-Za-z0-9]{9}\"$")]
    public void Random_node_is_an_obfuscated_name(NodeFormat format, string expected) =>
        Assert.Matches(expected, From("192.0.2.1").Apply(steps => steps.Forwarded(ForwardedParameters.For, forFormat: format)).Header("Forwarded"));

    [Fact]
    public void Parameters_have_one_order_and_the_host_is_quoted()
    {
        var exchange = From("192.0.2.1");
        exchange.Http.Request.Host = new HostString("shop.example", 8443);
        exchange.Apply(steps => steps.Forwarded(
            ForwardedParameters.For | ForwardedParameters.By | ForwardedParameters.Host | ForwardedParameters.Proto, NodeFormat.Ip, NodeFormat.IpAndPort));
        Assert.Equal("proto=https;host=\"shop.example:8443\";for=192.0.2.1;by=\"198.51.100.7:443\"", exchange.Header("Forwarded"));
    }

    [Theory]
    [InlineData("10.0.0.1", "for=203.0.113.9;proto=http", "for=203.0.113.9;proto=http, for=10.0.0.1")]
    [InlineData("10.0.0.1", "for=\"[2001:db8::1]:80\" , for=_x", "for=_x, for=10.0.0.1")]
    [InlineData("10.0.0.1", "for=6.6.6.6, For=\"[2001:db8::1]:80\";host=a , proto=http;for=10.0.0.2", "For=\"[2001:db8::1]:80\";host=a , proto=http;for=10.0.0.2, for=10.0.0.1")]
    [InlineData("10.0.0.1", "for=6.6.6.6, for=\"203.0.113.9\\\"\"", "for=10.0.0.1")]
    [InlineData("10.0.0.1", "for=203.0.113.9;for=6.6.6.6", "for=10.0.0.1")]
    [InlineData("10.0.0.1", "for=evil", "for=10.0.0.1")]
    [InlineData("10.0.0.1", "for=\"203.0.113.9", "for=10.0.0.1")]
    [InlineData("10.0.0.1", "for", "for=10.0.0.1")]
    [InlineData("10.0.0.1", "for=a b", "for=10.0.0.1")]
    [InlineData("10.0.0.1", "for=a;", "for=10.0.0.1")]
    [InlineData("192.0.2.1", "for=203.0.113.9", "for=192.0.2.1")]
    public void Forwarded_is_appended_to_a_well_formed_one_of_a_trusted_peer(string peer, string sent, string expected)
    {
        var exchange = From(peer);
        exchange.Http.Request.Headers["Forwarded"] = sent;
        exchange.Apply(steps => steps.Add(new ForwardedTransform
        {
            Forwarded = ForwardedParameters.For, ForFormat = NodeFormat.Ip, Action = ForwardedAction.Append, TrustedNetworks = [Trusted],
        }));
        Assert.Equal(expected, exchange.Header("Forwarded"));
    }

    [Fact]
    public void Later_step_may_write_a_field_that_was_taken_over() => Assert.Equal(
        "fixed.example",
        From("192.0.2.1").Apply(steps => steps.XForwarded(ForwardedAction.Set).RequestHeader("X-Forwarded-Host", set: "fixed.example")).Header("X-Forwarded-Host"));

    [Fact]
    public void Certificate_of_a_connection_without_tls_is_not_told_and_the_clients_header_is_gone()
    {
        var exchange = From("192.0.2.1");
        exchange.Request.SetHeader("X-Client-Cert", "spoofed");
        using var key = System.Security.Cryptography.ECDsa.Create();
        exchange.Http.Connection.ClientCertificate = new System.Security.Cryptography.X509Certificates.CertificateRequest(
            "CN=c", key, System.Security.Cryptography.HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddDays(1));
        Assert.Null(exchange.Apply(steps => steps.ClientCert("X-Client-Cert")).Header("X-Client-Cert"));
    }

    private static Exchange From(string peer, string path = "/")
    {
        var exchange = new Exchange(path);
        var (request, connection) = (exchange.Http.Request, exchange.Http.Connection);
        (request.Scheme, request.Host, request.PathBase) = ("https", new HostString("shop.example"), "/base");
        (connection.RemoteIpAddress, connection.RemotePort) = (IPAddress.Parse(peer), 4711);
        (connection.LocalIpAddress, connection.LocalPort) = (IPAddress.Parse("198.51.100.7"), 443);
        return exchange;
    }
}
