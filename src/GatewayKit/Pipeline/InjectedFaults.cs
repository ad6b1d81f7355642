namespace GatewayKit.Pipeline;

/// <summary>What was injected into a request on purpose. Such a request says nothing of how the gateway or a destination does.</summary>
[Flags]
public enum InjectedFaults
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>It was held back.</summary>
    Delay = 1,

    /// <summary>It, or an attempt of it, was failed.</summary>
    Abort = 2,

    /// <summary>The body of its answer was slowed down.</summary>
    BodyRate = 4,
}

/// <summary>Who knows; a feature of the request.</summary>
internal interface IInjectedFaults
{
    InjectedFaults Kinds { get; }
}
