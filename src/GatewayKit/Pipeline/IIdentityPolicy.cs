namespace GatewayKit.Pipeline;

/// <summary>
/// A policy that finds out who is calling and sets <see cref="GatewayContext.Consumer"/>, or refuses. Limits by consumer and rules of access need one on their endpoint.
/// </summary>
public interface IIdentityPolicy : IGatewayPolicy
{
    /// <summary>The place of the policy: <see cref="GatewayStage.Identify"/>.</summary>
    GatewayStage IGatewayPolicy.Stage => GatewayStage.Identify;

    /// <summary>Whether it finds out who is calling as it is set; one that does not is a rule like others, and what needs a caller cannot go by it. Default yes.</summary>
    bool FindsCaller => true;
}

/// <summary>A policy that finds out who is calling by one credential of the request: one of the ways that <c>AnyOf</c> takes.</summary>
public interface ICredentialPolicy : IIdentityPolicy;

/// <summary>A policy that may be of no use unless somebody finds out who is calling.</summary>
internal interface INeedsConsumer : IGatewayPolicy
{
    /// <summary>What it needs to know of the caller, in words; <see langword="null"/> if it needs nothing.</summary>
    string? NeedsConsumerFor { get; }
}
