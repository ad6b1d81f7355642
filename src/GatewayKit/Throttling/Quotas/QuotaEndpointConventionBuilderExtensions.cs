using GatewayKit.Throttling.Quotas;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Gives endpoints quotas.</summary>
public static class QuotaEndpointConventionBuilderExtensions
{
    private static readonly QuotaPolicyValidator Validator = new();

    /// <summary>Limits how much one client address may use of these endpoints in a window of time.</summary>
    /// <param name="builder">The endpoints; each has a count of its own.</param>
    /// <param name="limit">Requests in each window, 1 to 1,000,000,000,000,000.</param>
    /// <param name="window">The window, such as <c>new CalendarWindow(CalendarUnit.Month, "Europe/Berlin")</c>.</param>
    /// <exception cref="OptionsValidationException">A setting is outside its range, or the time zone unknown.</exception>
    public static TBuilder WithQuota<TBuilder>(this TBuilder builder, long limit, QuotaWindow window)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithQuota(new() { Limit = limit, Window = window });

    /// <summary>Limits how much may be used of these endpoints in a window of time.</summary>
    /// <param name="builder">The endpoints.</param>
    /// <param name="policy">The quota. It overrides one with the same partition, unit and window that a group or the defaults set, and adds to others.</param>
    /// <exception cref="OptionsValidationException">A setting is outside its range, or the time zone unknown.</exception>
    public static TBuilder WithQuota<TBuilder>(this TBuilder builder, QuotaPolicy policy)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithGatewayPolicy(policy, Validator);
}
