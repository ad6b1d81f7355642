using System.Net;
using GatewayKit.Identity.Addresses;
using GatewayKit.Pipeline;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Identity.Addresses;

/// <summary>What an address policy may say, and whom it lets pass.</summary>
public sealed class AddressPolicyTests
{
    [Theory]
    [InlineData("10.0.0.0/8 10.0.0.0/8", "", "Allow has '10.0.0.0/8' twice. Remove one.")]
    [InlineData("", "10.0.0.0/8 10.1.2.3/32", "Deny has '10.1.2.3/32', which lies in '10.0.0.0/8' of the same list. Remove one.")]
    [InlineData("", "", "No addresses are allowed or denied, so that it says nothing. Give it Allow, Deny, AllowFile or DenyFile.")]
    public void What_says_nothing_or_twice_the_same_is_an_error(string allow, string deny, string error) =>
        Assert.Equal([error], new AddressPolicyValidator().Validate(null, Policy(allow, deny)).Failures?.Select(static failure => failure.Split(": ", 2)[^1]));

    [Theory]
    [InlineData("10.0.0.0/8", "10.0.0.0/16")]
    [InlineData("", "10.0.0.0/8 2001:db8::/32")]
    public void What_says_something_is_none(string allow, string deny) => Assert.True(new AddressPolicyValidator().Validate(null, Policy(allow, deny)).Succeeded);

    [Fact]
    public void One_that_is_off_may_be_empty() => Assert.True(new AddressPolicyValidator().Validate(null, new() { Mode = PolicyMode.Off }).Succeeded);

    [Theory]
    [InlineData("", "10.0.0.0/8", "192.0.2.1", true)]
    [InlineData("", "10.0.0.0/8", "10.1.2.3", false)]
    [InlineData("10.0.0.0/8", "", "10.1.2.3", true)]
    [InlineData("10.0.0.0/8", "", "192.0.2.1", false)]
    [InlineData("10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", false)]
    [InlineData("10.0.0.0/8", "10.1.0.0/16", "10.2.2.3", true)]
    [InlineData("10.1.0.0/16", "10.0.0.0/8", "10.1.2.3", false)]
    [InlineData("10.0.0.0/8", "", "::ffff:10.1.2.3", true)]
    [InlineData("", "10.0.0.0/8", null, false)]
    [InlineData("0.0.0.0/0 ::/0", "", null, false)]
    public void Deny_wins_and_no_address_is_nobody(string allow, string deny, string? address, bool expected)
    {
        using var files = new AddressFiles(new FakeTimeProvider(), NullLogger<AddressFiles>.Instance);
        Assert.Equal(expected, new AddressRules(Policy(allow, deny), files).Admit(address is null ? null : IPAddress.Parse(address)));
    }

    [Fact]
    public void A_file_that_was_never_good_lets_nobody_pass()
    {
        using var files = new AddressFiles(new FakeTimeProvider(), NullLogger<AddressFiles>.Instance);
        Assert.False(new AddressRules(new() { DenyFile = "/absent" }, files).Admit(IPAddress.Loopback));
        Assert.False(new AddressRules(new() { AllowFile = "/absent" }, files).Admit(IPAddress.Loopback));
    }

    private static AddressPolicy Policy(string allow, string deny) => new() { Allow = Parse(allow), Deny = Parse(deny) };

    private static IPNetwork[] Parse(string networks) => [.. networks.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static text => IPNetwork.Parse(text))];
}
