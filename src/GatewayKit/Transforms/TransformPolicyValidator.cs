using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.Options;

namespace GatewayKit.Transforms;

/// <summary>Finds everything that is wrong with a list of transforms.</summary>
internal sealed class TransformPolicyValidator : IValidateOptions<TransformPolicy>
{
    public static TransformPolicyValidator Instance { get; } = new();

    public static IEnumerable<(int Index, Transform Step, string Error)> ErrorsOf(TransformPolicy policy) =>
        policy.Steps.SelectMany((step, index) => step.Errors([.. policy.Steps.Take(index)]).Select(error => (index, step, error)));

    public ValidateOptionsResult Validate(string? name, TransformPolicy options) =>
        Result(ErrorsOf(options).Select(static found => At(found.Index, found.Step, found.Error)));

    /// <summary>Checks what needs the route and the gateway: whether the route has the values that the steps insert, and whether anybody is trusted.</summary>
    /// <exception cref="OptionsValidationException">A step names a value that the route does not have, or appends to what nobody may send.</exception>
    public static void ThrowIfUnfit(TransformPolicy policy, GatewayEndpoint endpoint, GatewayOptions options)
    {
        if (options.TrustedProxies.Count == 0 && policy.Steps.Any(static step => step.NeedsTrustedProxies))
        {
            ThrowIfFailed(Result(policy.Steps.SelectMany((step, index) => step.NeedsTrustedProxies
                ? [$"{endpoint.RouteId}: {At(index, step, "Append needs TrustedNetworks, or TrustedProxies of the gateway: without them any client could name an address for its own (RFC 7239 §8.1).")}"]
                : Array.Empty<string>())));
        }

        if (!policy.Steps.Any(static step => step.UsesRouteValues) || endpoint is not { ClusterId: not null, Pattern: { } template })
        {
            return;
        }

        var pattern = RoutePatternFactory.Parse(template);
        ThrowIfFailed(Result(policy.Steps.SelectMany((step, index) =>
            step.Errors(pattern).Select(error => $"{endpoint.RouteId}: {At(index, step, error)}"))));
    }

    private static void ThrowIfFailed(ValidateOptionsResult result)
    {
        if (result.Failed)
        {
            throw new OptionsValidationException(nameof(TransformPolicy), typeof(TransformPolicy), result.Failures);
        }
    }

    private static ValidateOptionsResult Result(IEnumerable<string> errors)
    {
        var found = errors.ToArray();
        return found.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(found);
    }

    private static string At(int index, Transform step, string error) => $"Transforms[{index}] '{step.Key}': {error}";
}
