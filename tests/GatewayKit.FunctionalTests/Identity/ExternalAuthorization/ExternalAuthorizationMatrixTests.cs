using Microsoft.AspNetCore.Builder;

namespace GatewayKit.FunctionalTests.Identity.ExternalAuthorization;

/// <summary>The service is asked whatever the transport is, on routes and on endpoints of the host.</summary>
public sealed class ExternalAuthorizationMatrixTests
{
    public static TheoryData<AccessTransport, string> Cells() =>
        new(from transport in Enum.GetValues<AccessTransport>() from path in new[] { "/route", "/own" } select (transport, path));

    [Theory]
    [MemberData(nameof(Cells))]
    public async Task Service_is_asked(AccessTransport transport, string path)
    {
        await using var gateway = await AuthorizedGateway.StartAsync(
            static policy => policy with { DestinationHeaders = ["X-Auth-User"], ClientHeaders = ["X-Session"] }, protocols: AccessTransports.ProtocolOf(transport));
        gateway.Service.Say(200, ("X-Auth-User", "alice"), ("X-Session", "renewed"));
        var answer = await AccessTransports.AskAsync(new(gateway.Address, path), transport, ("Authorization", "Bearer t"), ("X-Auth-User", "mallory"));
        Assert.True(answer.IsServed);
        Assert.Equal("renewed", Assert.Single(answer.Headers!.GetValues("X-Session")));
        Assert.Equal("alice", gateway.Last["X-Auth-User"]);
        Assert.Equal((transport is AccessTransport.Grpc ? "POST" : "GET", path, "Bearer t"), (gateway.Service.Last["X-Forwarded-Method"], gateway.Service.Last["X-Forwarded-Uri"], gateway.Service.Last["Authorization"]));

        foreach (var (said, status, grpcStatus) in ((int, int, int)[])[(401, 401, 16), (403, 403, 7), (500, 503, 14), (302, 503, 14)])
        {
            gateway.Service.Say(said, ("Location", "/login"));
            answer = await AccessTransports.AskAsync(new(gateway.Address, path), transport);
            Assert.False(answer.IsServed);
            Assert.Equal(transport is AccessTransport.Grpc ? -grpcStatus : status, answer.Status);
        }

        Assert.Single(gateway.Served);
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public async Task Bodies_are_shown_of_whatever_has_one(AccessTransport transport, string path)
    {
        await using var gateway = await AuthorizedGateway.StartAsync(static policy => policy with { Method = "POST", MaxBodyBytes = 100 }, protocols: AccessTransports.ProtocolOf(transport));
        Assert.True((await AccessTransports.AskAsync(new(gateway.Address, path), transport)).IsServed);
        Assert.Equal(transport is AccessTransport.Grpc ? new byte[5] : [], gateway.Service.Last.Body);
        Assert.Equal(transport is AccessTransport.Grpc ? new byte[5] : [], gateway.Last.Body);
    }
}
