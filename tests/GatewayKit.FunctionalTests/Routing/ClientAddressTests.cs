using System.Net;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using static GatewayKit.FunctionalTests.Routing.RoutedHost;

namespace GatewayKit.FunctionalTests.Routing;

public sealed class ClientAddressTests
{
    [Theory]
    [InlineData("127.0.0.1", "loopback 4")]
    [InlineData("::ffff:127.0.0.1", "loopback 4")]
    [InlineData("::1", "loopback 6")]
    [InlineData("2001:db8::7", "documentation")]
    [InlineData("2001:db9::7", "everyone")]
    [InlineData("10.1.2.3", "private")]
    public async Task Network_of_the_client_is_matched(string client, string expected)
    {
        await using var host = await TestHost.GatewayAsync(services: gateway =>
        {
            gateway.Services.AddSingleton<IStartupFilter>(new Client(IPAddress.Parse(client)));
            gateway.AddRoutes(
                From("loopback 4", "127.0.0.0/8"),
                From("loopback 6", "::1/128"),
                From("documentation", "2001:db8::/32", "2001:dba::/32"),
                From("private", "10.0.0.0/8"),
                From("everyone"));
        });
        Assert.Equal(expected, await new RoutedHost(host).AskAsync("/"));
    }

    /// <summary>Says before routing what forwarded headers or the server would say of the client.</summary>
    private sealed class Client(IPAddress address) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((context, following) =>
            {
                context.Connection.RemoteIpAddress = address;
                return following(context);
            });
            next(app);
        };
    }

    private static GatewayRoute From(string id, params string[] networks) => Route(id, new() { ClientAddresses = [.. networks.Select(static network => IPNetwork.Parse(network))] });
}
