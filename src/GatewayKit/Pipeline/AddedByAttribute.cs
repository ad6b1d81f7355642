namespace GatewayKit.Pipeline;

/// <summary>Names the call that registers a policy, for the message a host gets when it uses the policy without it.</summary>
/// <param name="call">The call on the builder, such as <c>AddGeoBlocking()</c>.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class AddedByAttribute(string call) : Attribute
{
    /// <summary>The call on the builder.</summary>
    public string Call { get; } = call;
}
