namespace GatewayKit.Pipeline;

/// <summary>Sees what the gateway exchanges with a destination, and has no say in it. What it is called for it does at once, and it never throws.</summary>
internal interface IForwardWatch
{
    /// <summary>A message is about to be sent as it is; before each attempt.</summary>
    void Sending(HttpRequestMessage message, IForwardAttempt attempt);

    /// <summary>The body of the answer that is kept is about to be read.</summary>
    /// <returns>What to read it from: the same bytes.</returns>
    Stream Reading(Stream body);
}
