namespace GatewayKit.ClientTests.Hosting;

/// <summary>How a client gets to a service.</summary>
public enum Way
{
    Direct,
    ThroughGateway,
}
