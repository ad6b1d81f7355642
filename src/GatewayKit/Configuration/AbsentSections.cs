namespace GatewayKit.Configuration;

/// <summary>
/// Finds sections that the host reads and that are not there, which is nearly always a wrong name. Where nothing else could bring a route,
/// the host would start and serve nothing: that is an error.
/// </summary>
internal static class AbsentSections
{
    /// <param name="sources">All sources.</param>
    /// <param name="expectsRoutes">Whether the host maps configured routes, and has mapped none from code.</param>
    /// <param name="telemetry">Takes what is no error.</param>
    public static IEnumerable<ConfigurationError> Check(IReadOnlyList<IRouteSource> sources, bool expectsRoutes, ConfigurationTelemetry telemetry)
    {
        var errors = new List<ConfigurationError>();
        var isOnlySource = sources.All(static source => source is SectionRouteSource section
            ? section.IsAbsent(out _)
            : source is CodeRouteSource { Set.Routes.Count: 0 });
        foreach (var section in sources.OfType<SectionRouteSource>())
        {
            // Nobody asked for the section Gateway; it may be missing, unless somebody has written nearly its name.
            if (!section.IsAbsent(out var nearest) || (!section.IsNamed && nearest is null))
            {
                continue;
            }

            if (section.IsNamed && isOnlySource && expectsRoutes)
            {
                errors.Add(new(section.Name, $"The configuration has no section '{section.Name}', and no other source has routes. {Hint(nearest)}To start without routes, write \"{section.Name}\": {{}}."));
            }
            else
            {
                telemetry.SectionAbsent(section.Name, Hint(nearest));
            }
        }

        return errors;
    }

    private static string Hint(string? nearest) => nearest is null ? string.Empty : $"Did you mean '{nearest}'? ";
}
