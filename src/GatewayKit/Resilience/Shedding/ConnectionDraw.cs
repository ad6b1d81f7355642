namespace GatewayKit.Resilience.Shedding;

/// <summary>Whether a connection is one of those that are closed in a spell of load: the same for each of its requests, or those with many would all be closed.</summary>
/// <param name="connectionId">The connection.</param>
/// <param name="spell">Which spell it is: those who were spared in one need not be in the next.</param>
internal delegate bool ConnectionDraw(string connectionId, int spell);

/// <summary>Draws one in ten, by a secret of the process.</summary>
internal static class OneInTen
{
    // All at once would connect anew at once, and handshakes are load.
    private const int Of = 10;

    /// <inheritdoc cref="ConnectionDraw"/>
    public static bool IsDrawn(string connectionId, int spell) => (uint)HashCode.Combine(connectionId, spell) % Of == 0;
}
