namespace GatewayKit.Routing;

/// <summary>Where the gateway's matcher policies stand among the framework's: its methods are at -1000, its hosts at -100.</summary>
internal static class MatcherOrders
{
    public const int Shadowed = int.MinValue + 100;
    public const int Hosts = -1100;
    public const int WebSockets = -1001;

    // After all that the framework decides by edges, so that what is left in a node differs by nothing else.
    public const int Fields = int.MaxValue - 200;
    public const int Conditions = int.MaxValue - 150;
    public const int Precedence = int.MaxValue - 100;
}
