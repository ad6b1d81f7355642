namespace GatewayKit.ClientTests.Hosting;

/// <summary>Whether connections are encrypted.</summary>
public enum Wire
{
    ClearText,
    Tls,
}
