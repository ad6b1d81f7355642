using System.Net;
using System.Net.Sockets;
using GatewayKit.Clusters;

namespace GatewayKit.Tests.Clusters;

public sealed class DeniedNetworksTests
{
    [Theory]
    [InlineData("169.254.169.254")]
    [InlineData("169.254.0.1")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("64:ff9b::a9fe:a9fe")]
    [InlineData("2002:a9fe:a9fe::1")]
    [InlineData("fe80::1")]
    [InlineData("fe80::1%1")]
    [InlineData("febf::1")]
    [InlineData("fd00:ec2::254")]
    [InlineData("100.100.100.200")]
    [InlineData("168.63.129.16")]
    public void Addresses_of_credentials_are_denied_in_every_spelling(string address) => Assert.True(DeniedNetworks.Contain(DeniedNetworks.Default, IPAddress.Parse(address)));

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    [InlineData("10.0.0.5")]
    [InlineData("169.253.255.255")]
    [InlineData("169.255.0.0")]
    [InlineData("fd00:ec2::253")]
    [InlineData("fec0::1")]
    [InlineData("64:ff9b::a00:1")]
    [InlineData("2001:db8::1")]
    public void Other_addresses_are_not(string address) => Assert.False(DeniedNetworks.Contain(DeniedNetworks.Default, IPAddress.Parse(address)));

    [Fact]
    public async Task Name_with_one_good_address_leads_there_and_nowhere_else()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var connector = ConnectorTo("169.254.169.254", "127.0.0.1");
        await using var stream = await connector.ConnectAsync(new("rebound", ((IPEndPoint)listener.LocalEndpoint).Port), default);
        Assert.Equal(IPAddress.Loopback, ((IPEndPoint)stream.Socket.RemoteEndPoint!).Address.MapToIPv4());
    }

    [Fact]
    public async Task Name_with_no_good_address_leads_nowhere() =>
        await Assert.ThrowsAsync<DeniedAddressException>(async () => await ConnectorTo("169.254.169.254", "fe80::1").ConnectAsync(new("rebound", 80), default));

    private static DestinationConnector ConnectorTo(params string[] addresses) =>
        new(new NameLookup(TimeProvider.System, (_, _) => Task.FromResult<IPAddress[]>([.. addresses.Select(IPAddress.Parse)])), new(), "up", DeniedNetworks.Default);
}
