using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace GatewayKit.Throttling.RateLimiters;

/// <summary>The limiters that the host has added by name: made when the first endpoint asks for one, and gone with the host.</summary>
internal sealed class RateLimiterRegistry(IEnumerable<RateLimiterRegistry.Registration> registrations, IServiceProvider services) : IValidateOptions<RateLimiterPolicy>, IAsyncDisposable, IDisposable
{
    // The last one of a name counts, as in DI.
    private readonly Dictionary<string, Lazy<PartitionedRateLimiter<HttpContext>>> _known = registrations
        .GroupBy(static one => one.Name, StringComparer.OrdinalIgnoreCase)
        .ToDictionary(static same => same.Key, same => new Lazy<PartitionedRateLimiter<HttpContext>>(() => same.Last().Create(services)), StringComparer.OrdinalIgnoreCase);

    /// <summary>The limiter that a policy asks for; <see langword="null"/> if there is none, which the check at start reports.</summary>
    public PartitionedRateLimiter<HttpContext>? Find(RateLimiterPolicy policy) => policy.Instance ?? _known.GetValueOrDefault(policy.Limiter)?.Value;

    public ValidateOptionsResult Validate(string? name, RateLimiterPolicy options) =>
        options.Instance is not null || _known.ContainsKey(options.Limiter) ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(
            $"There is no limiter '{options.Limiter}'. {(_known.Count is 0 ? "None was added" : $"Known are {string.Join(", ", _known.Keys.Order(StringComparer.Ordinal))}")}. Call AddApiGateway().AddRateLimiter(\"{options.Limiter}\", …).");

    public async ValueTask DisposeAsync()
    {
        foreach (var limiter in _known.Values.Where(static limiter => limiter.IsValueCreated))
        {
            await limiter.Value.DisposeAsync().ConfigureAwait(false);
        }
    }

    public void Dispose()
    {
        foreach (var limiter in _known.Values.Where(static limiter => limiter.IsValueCreated))
        {
            limiter.Value.Dispose();
        }
    }

    /// <summary>What <c>AddRateLimiter</c> was told.</summary>
    internal sealed record Registration(string Name, Func<IServiceProvider, PartitionedRateLimiter<HttpContext>> Create);
}
