namespace GatewayKit.Conservation;

/// <summary>One contradiction.</summary>
/// <param name="Law">What is broken.</param>
/// <param name="Id">The request; empty if it is none in particular.</param>
/// <param name="Text">What was found.</param>
public sealed record Finding(Law Law, string Id, string Text)
{
    public override string ToString() => $"law {(int)Law} ({Law}) {Id}: {Text}";
}
