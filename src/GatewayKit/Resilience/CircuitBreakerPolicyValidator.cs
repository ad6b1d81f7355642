using Microsoft.Extensions.Options;

namespace GatewayKit.Resilience;

/// <summary>Checks the ranges of the numbers, then those of the times.</summary>
internal sealed class CircuitBreakerPolicyValidator : IValidateOptions<CircuitBreakerPolicy>
{
    private static readonly CircuitBreakerRangesValidator Ranges = new();

    public ValidateOptionsResult Validate(string? name, CircuitBreakerPolicy options)
    {
        ArgumentNullException.ThrowIfNull(options);
        string[] faults = [.. Ranges.Validate(name, options).Failures ?? [], .. options.Faults().Select(static fault => fault.Fault)];
        return faults is [] ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
