namespace GatewayKit.Pipeline;

/// <summary>A change to an exchange that puts a credential into it: whoever writes down what a destination answers has to know it.</summary>
internal interface ICredentialTransform : IForwardTransform
{
    /// <summary>The value of the field.</summary>
    string Credential { get; }
}
