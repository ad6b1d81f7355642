namespace GatewayKit.Configuration;

/// <summary>One thing that is wrong with a configuration.</summary>
/// <param name="Path">Where: the key as in <c>Gateway:Routes:orders:Throttle:Burst</c>, or the name of the source and the id of the route.</param>
/// <param name="Message">What is wrong and what would be right, in sentences one can act on.</param>
public sealed record ConfigurationError(string Path, string Message)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Path}: {Message}";
}
