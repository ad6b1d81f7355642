namespace GatewayKit.Pipeline;

/// <summary>A policy whose place within its stage is fixed, whatever the metadata says. Those without one stand at <see cref="Unordered"/>.</summary>
internal interface IOrderedPolicy : IGatewayPolicy
{
    /// <summary>Where those stand that have no place of their own.</summary>
    const int Unordered = -1;

    /// <summary>Its place among those of its stage.</summary>
    int Order { get; }
}
