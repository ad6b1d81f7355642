namespace GatewayKit.Pipeline;

/// <summary>A policy that answers for fields of a request: what clients send of them is none of theirs to say.</summary>
internal interface IOwnsFields : IGatewayPolicy
{
    /// <summary>Their names.</summary>
    IEnumerable<string> OwnFields { get; }
}
