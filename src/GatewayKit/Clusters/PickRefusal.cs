namespace GatewayKit.Clusters;

/// <summary>Why there is no destination for a request.</summary>
internal enum PickRefusal
{
    /// <summary>There is one.</summary>
    None,

    /// <summary>The cluster has none, or none that is healthy.</summary>
    NoneHealthy,

    /// <summary>The circuits of all are open.</summary>
    CircuitsOpen,
}
