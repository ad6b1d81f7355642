using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace GatewayKit.Resilience.Fallbacks;

/// <summary>Finds everything that is wrong with a fallback by itself. What it names is looked for at start.</summary>
internal sealed class FallbackPolicyValidator : IValidateOptions<FallbackPolicy>
{
    public ValidateOptionsResult Validate(string? name, FallbackPolicy options)
    {
        string[] errors =
        [
            .. ErrorsOf(options, nameof(FallbackPolicy)),
            .. options.OnFailure is { } failures ? ErrorsOf(failures, nameof(options.OnFailure)) : [],
            .. options.Answer is { Status: (< 200 or > 599) and var status } ? [$"{nameof(options.Answer)}: Status is {status}; it must be from 200 to 599."] : Array.Empty<string>(),
        ];
        return errors.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static IEnumerable<string> ErrorsOf(IValidatableObject record, string name) =>
        record.Validate(new ValidationContext(record, name, serviceProvider: null, items: null)).Select(result => $"{name}: {result.ErrorMessage}");
}
