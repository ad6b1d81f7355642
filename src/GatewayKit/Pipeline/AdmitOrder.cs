namespace GatewayKit.Pipeline;

/// <summary>The order of what has a fixed place in the stage <see cref="GatewayStage.Admit"/>, outermost first. What has none stands behind <see cref="Cors"/>.</summary>
internal static class AdmitOrder
{
    /// <summary>Who may not come at all gets no further.</summary>
    public const int Addresses = IOrderedPolicy.Unordered - 2;

    /// <summary>In front of whatever refuses, so that pages can read why.</summary>
    public const int Cors = IOrderedPolicy.Unordered - 1;
}
