using GatewayKit.ClientTests.Hosting;

namespace GatewayKit.ClientTests.Grpc.Interop;

/// <summary>
/// The cases of the public gRPC interoperability list (grpc/grpc, doc/interop-test-descriptions.md) that need no cloud account, rebuilt
/// with Grpc.*: each is as the list says, and goes through the gateway as it goes directly.
/// </summary>
public sealed class InteropTests(InteropFixture fixture) : IClassFixture<InteropFixture>
{
    public static TheoryData<string, Wire> Cases
    {
        get
        {
            var cases = new TheoryData<string, Wire>();
            foreach (var name in InteropCases.All.Keys)
            {
                cases.Add(name, Wire.ClearText);
                cases.Add(name, Wire.Tls);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Call_goes_through_the_gateway_as_it_goes_directly(string name, Wire wire)
    {
        var direct = await RunAsync(name, wire, Way.Direct);
        var forwarded = await RunAsync(name, wire, Way.ThroughGateway);
        Assert.Equal(direct, forwarded);
    }

    private async Task<string> RunAsync(string name, Wire wire, Way way)
    {
        fixture.Journal.Clear();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var client = fixture.Connect(wire, way);
        return await InteropCases.All[name](client, limit.Token);
    }
}
