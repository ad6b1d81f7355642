namespace GatewayKit.Identity.Consumers;

/// <summary>A store of consumers did not answer, or not in time.</summary>
internal sealed class ConsumerStoreException(string store, Exception? inner = null) : Exception($"The consumer store '{store}' did not answer.", inner);
