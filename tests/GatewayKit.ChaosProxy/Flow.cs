namespace GatewayKit.Chaos;

/// <summary>Which way bytes go.</summary>
[Flags]
public enum Flow
{
    /// <summary>From whoever connected to whom the proxy stands in front of.</summary>
    Requests = 1,

    /// <summary>Back.</summary>
    Answers = 2,

    /// <summary>Both ways, each on its own: a latency is met twice on a way there and back.</summary>
    Both = Requests | Answers,
}
