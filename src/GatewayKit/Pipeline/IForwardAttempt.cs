namespace GatewayKit.Pipeline;

/// <summary>An attempt at a destination, as far as the pipeline knows it.</summary>
internal interface IForwardAttempt
{
    string DestinationId { get; }

    Uri DestinationAddress { get; }
}
