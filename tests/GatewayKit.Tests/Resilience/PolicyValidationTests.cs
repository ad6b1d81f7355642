using GatewayKit.Resilience.Fallbacks;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Options;

namespace GatewayKit.Tests.Resilience;

/// <summary>What a policy must keep to is said where code asks for it.</summary>
public sealed class PolicyValidationTests
{
    private static readonly IEndpointConventionBuilder Endpoint = new NoEndpoint();

    [Fact]
    public void Circuit_breaker_tells_all_that_is_wrong_with_its_numbers_and_times()
    {
        var failures = FailuresOf(static () => Endpoint.WithCircuitBreaker(new() { MinResults = 0, Window = TimeSpan.Zero, OpenFor = TimeSpan.FromMinutes(2) }));
        Assert.Equal(3, failures.Length);
        Assert.Contains(failures, static one => one.Contains("MinResults", StringComparison.Ordinal));
        Assert.Contains(failures, static one => one.Contains("Window is 00:00:00; it must be 00:00:01 to 00:05:00.", StringComparison.Ordinal));
        Assert.Contains(failures, static one => one.Contains("OpenFor is 00:02:00, longer than MaxOpenFor", StringComparison.Ordinal));
    }

    [Fact]
    public void Fallback_tells_also_what_is_wrong_inside()
    {
        var failures = FailuresOf(static () => Endpoint.WithFallback(new()
        {
            Cluster = "spare",
            Answer = new() { Status = 99 },
            OnFailure = new() { Statuses = [200], Reasons = ["upstream-conect"] },
        }));
        Assert.Equal(4, failures.Length);
        Assert.Contains(failures, static one => one.Contains("several ways: Cluster and Answer", StringComparison.Ordinal));
        Assert.Contains(failures, static one => one.Contains("Status", StringComparison.Ordinal) && one.Contains("599", StringComparison.Ordinal));
        Assert.Contains(failures, static one => one.Contains("200 is no failure", StringComparison.Ordinal));
        Assert.Contains(failures, static one => one.Contains("Did you mean 'upstream-connect'?", StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_right_passes()
    {
        Endpoint.WithCircuitBreaker(new() { OpenFor = TimeSpan.FromMinutes(2), MaxOpenFor = TimeSpan.FromMinutes(2) });
        Endpoint.WithFallback(new FallbackPolicy { Cluster = "spare", OnFailure = new() });
    }

    private static string[] FailuresOf(Action ask) => [.. Assert.Throws<OptionsValidationException>(ask).Failures];

    private sealed class NoEndpoint : IEndpointConventionBuilder
    {
        public void Add(Action<EndpointBuilder> convention)
        {
        }
    }
}
