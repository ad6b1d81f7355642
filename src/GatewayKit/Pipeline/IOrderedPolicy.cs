namespace GatewayKit.Pipeline;

/// <summary>A policy whose place within its stage is fixed, whatever the metadata says. Those without one stand in front.</summary>
internal interface IOrderedPolicy : IGatewayPolicy
{
    /// <summary>Its place among those of its stage.</summary>
    int Order { get; }
}
