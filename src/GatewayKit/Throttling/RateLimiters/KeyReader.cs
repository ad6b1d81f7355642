namespace GatewayKit.Throttling.RateLimiters;

/// <summary>Reads what tells the allowances of a limiter apart.</summary>
/// <param name="resource">What is limited.</param>
/// <param name="key">The key.</param>
/// <returns>Whether there is one.</returns>
internal delegate bool KeyReader<in TResource>(TResource resource, out ThrottleKey key);
