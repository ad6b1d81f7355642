namespace GatewayKit.Configuration;

/// <summary>A configuration cannot be used. Its message lists every error.</summary>
public sealed class GatewayConfigurationException : Exception
{
    /// <summary>Creates it from all errors at once.</summary>
    public GatewayConfigurationException(IReadOnlyList<ConfigurationError> errors, Exception? innerException = null)
        : base(Describe(errors), innerException) => Errors = errors;

    /// <summary>Every error, in the order of the configuration.</summary>
    public IReadOnlyList<ConfigurationError> Errors { get; }

    /// <summary>What a section said apart from its errors, so that it can be validated in the same run.</summary>
    internal RouteSet? Understood { get; init; }

    /// <summary>The items of lists that are missing in it.</summary>
    internal ListGaps? Gaps { get; init; }

    /// <summary>Whether it ends the start of a host.</summary>
    internal bool IsAtStart { get; init; }

    /// <inheritdoc/>
    public override string ToString() =>
        // A host that does not start prints it three times, and where it was thrown says nothing of what is wrong.
        IsAtStart && InnerException is null ? $"{nameof(GatewayConfigurationException)}: {Message}" : base.ToString();

    private static string Describe(IReadOnlyList<ConfigurationError> errors)
    {
        ArgumentNullException.ThrowIfNull(errors);
        return $"The gateway's configuration has {errors.Count} {(errors.Count == 1 ? "error" : "errors")}:"
            + string.Concat(errors.Select(static error => $"{Environment.NewLine}  {error}"));
    }
}
