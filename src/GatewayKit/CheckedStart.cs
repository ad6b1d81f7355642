namespace GatewayKit;

/// <summary>In DI where a host starts only to find out whether it could.</summary>
internal sealed class CheckedStart;
