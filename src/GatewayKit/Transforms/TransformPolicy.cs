using System.ComponentModel.DataAnnotations;
using System.Globalization;
using GatewayKit.Pipeline;

namespace GatewayKit.Transforms;

/// <summary>Changes what is exchanged with a destination, and the head of what the client gets. Steps run in the order they are written in.</summary>
[ConfigurationItems(nameof(Steps))]
public sealed record TransformPolicy : IGatewayPolicy, IValidatableObject
{
    /// <summary>What to change, in order. Default nothing.</summary>
    public IReadOnlyList<Transform> Steps { get; init => field = ValueList<Transform>.From(value); } = ValueList<Transform>.Empty;

    /// <summary>In <see cref="PolicyMode.Shadow"/> the steps are checked but change nothing. Default <see cref="PolicyMode.Enforce"/>.</summary>
    public PolicyMode Mode { get; init; }

    /// <inheritdoc/>
    [Range(1, 100)]
    public int EnforcePercent { get; init; } = 100;

    /// <summary>Writes a policy in code.</summary>
    /// <param name="write">Adds the steps.</param>
    public static TransformPolicy Of(Action<TransformSteps> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        var steps = new TransformSteps();
        write(steps);
        return new() { Steps = steps.ToList() };
    }

    IGatewayPolicy IGatewayPolicy.InShadow() => this with { Mode = PolicyMode.Shadow };

    // Response steps also apply to the refusals of every other stage, so they stand outside of them.
    GatewayStage IGatewayPolicy.Stage => Steps.Any(static step => step.ChangesResponse) ? GatewayStage.Observe : GatewayStage.Protect;

    // In a configuration an error has the path of its step.
    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext) =>
        TransformPolicyValidator.ErrorsOf(this).Select(static found => new ValidationResult(
            $"{found.Step.Key}: {found.Error}", [found.Index.ToString(CultureInfo.InvariantCulture)]));
}
