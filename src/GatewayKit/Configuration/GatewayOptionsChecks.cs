using System.Globalization;
using System.Net;
using GatewayKit.Auditing.Journal;
using GatewayKit.Hosting;
using GatewayKit.Pipeline;
using GatewayKit.Routing;
using Microsoft.Extensions.Configuration;

namespace GatewayKit.Configuration;

/// <summary>
/// Checks host-wide options, wherever they were set. Part of the first apply and not an options validator: that one throws when
/// the options are first used, which is before routes and clusters are read, and would hide their errors.
/// </summary>
internal sealed class GatewayOptionsChecks(AnnotationChecks annotations, GatewaySections sections, SectionBinder binder)
{
    /// <summary>Finds what is wrong, by the keys of the sections that say it, or by the names of options that code has set.</summary>
    public IReadOnlyList<ConfigurationError> Check(GatewayOptions options)
    {
        ConfigurationError[] errors = [.. Find(options)];
        if (errors.Length is 0)
        {
            return errors;
        }

        // Whose they are shows by what is wrong without code.
        var configured = new GatewayOptions();
        foreach (var section in sections.Sections)
        {
            binder.BindOptions(section, configured);
        }

        var ofSections = Find(configured).ToHashSet();
        return Array.ConvertAll(errors, error => ofSections.Contains(error) ? error with { Path = PlaceOf(error.Path[(nameof(GatewayOptions).Length + 1)..]) } : error);
    }

    /// <summary>Where an option is set: the key of a section, of several the last one; its name if code has set it.</summary>
    /// <param name="key">The option, as in <c>Journal:Directory</c>.</param>
    public string PlaceOf(string key)
    {
        var section = sections.Sections.LastOrDefault(section => section.GetSection(key.Split(':')[0]).Exists());
        return section is null ? Path(key) : ModelPath.Join((section as IConfigurationSection)?.Path ?? string.Empty, key);
    }

    private IEnumerable<ConfigurationError> Find(GatewayOptions options)
    {
        if (!HttpToken.Is(options.Pseudonym))
        {
            yield return new(
                Path(nameof(options.Pseudonym)),
                $"Pseudonym is '{options.Pseudonym}'; it must be a token of letters, digits and hyphens, because it stands in the Via header.");
        }

        if (!Uri.IsWellFormedUriString(options.ProblemTypeBase, UriKind.Absolute))
        {
            yield return new(
                Path(nameof(options.ProblemTypeBase)),
                $"ProblemTypeBase is '{options.ProblemTypeBase}'; it must be the start of an absolute URI such as \"https://example.com/problems/\".");
        }

        if (options.MaxUpgradedConnections is < 1 or > 1_000_000)
        {
            yield return new(
                Path(nameof(options.MaxUpgradedConnections)),
                $"MaxUpgradedConnections is {options.MaxUpgradedConnections}; it must be from 1 to 1,000,000.");
        }

        if (options.DrainDelay is { } delay && (delay < TimeSpan.Zero || delay > TimeSpan.FromMinutes(10)))
        {
            yield return new(Path(nameof(options.DrainDelay)), $"DrainDelay is {delay}; it must be from 00:00:00 to 00:10:00.");
        }

        if (options.DestinationDrainLimit < TimeSpan.Zero || options.DestinationDrainLimit > TimeSpan.FromDays(1))
        {
            yield return new(
                Path(nameof(options.DestinationDrainLimit)), $"DestinationDrainLimit is {options.DestinationDrainLimit}; it must be from 00:00:00 to 1.00:00:00.");
        }

        if (options.PriorityClasses.Count < 2 || options.PriorityClasses.Any(string.IsNullOrWhiteSpace) || options.PriorityClasses.Distinct(StringComparer.OrdinalIgnoreCase).Count() < options.PriorityClasses.Count)
        {
            yield return new(
                Path(nameof(options.PriorityClasses)),
                $"PriorityClasses is '{string.Join(", ", options.PriorityClasses)}'; it must be two names or more that differ by more than case, the most important first.");
        }

        if (options.ConsumerClaims.Count == 0 || options.ConsumerClaims.Any(string.IsNullOrWhiteSpace))
        {
            yield return new(Path(nameof(options.ConsumerClaims)), "ConsumerClaims is empty, or an item of it is; nobody could be identified by a token. Name one or more claims, such as \"client_id\".");
        }

        foreach (var error in CheckProxies(options.TrustedProxies).Concat(CheckHosts(options.ServedHosts)).Concat(CheckRisks(options)).Concat(CheckJournal(options.Journal)))
        {
            yield return error;
        }
    }

    private static IEnumerable<ConfigurationError> CheckProxies(IReadOnlyList<IPNetwork> networks)
    {
        for (var index = 0; index < networks.Count; index++)
        {
            if (networks[index].PrefixLength == 0)
            {
                yield return new(
                    ModelPath.Join(Path(nameof(GatewayOptions.TrustedProxies)), index.ToString(CultureInfo.InvariantCulture)),
                    $"'{networks[index]}' trusts everyone: any client could name an address for its own (RFC 7239 §8.1). Name the networks of your proxies.");
            }
        }
    }

    private static IEnumerable<ConfigurationError> CheckHosts(IReadOnlyList<string> hosts)
    {
        for (var index = 0; index < hosts.Count; index++)
        {
            if (!HostPattern.TryParse(hosts[index], out var host) || host.Name is null)
            {
                yield return new(
                    ModelPath.Join(Path(nameof(GatewayOptions.ServedHosts)), index.ToString(CultureInfo.InvariantCulture)),
                    $"'{hosts[index]}' is not a host. Write \"api.example.com\", \"*.example.com\" or \"[::1]\", each with or without \":8080\".");
            }
        }
    }

    private static IEnumerable<ConfigurationError> CheckRisks(GatewayOptions options)
    {
        foreach (var risk in options.AcknowledgedRisks)
        {
            if (!StartChecks.Ids.Contains(risk, StringComparer.OrdinalIgnoreCase))
            {
                var meant = NearestName.Of(risk ?? string.Empty, StartChecks.Ids);
                yield return new(
                    Path(nameof(options.AcknowledgedRisks)),
                    $"'{risk}' is not a risk that is looked for. {(meant is null ? $"There are: {string.Join(", ", StartChecks.Ids)}." : $"Did you mean '{meant}'?")}");
            }
        }
    }

    private List<ConfigurationError> CheckJournal(JournalOptions? journal)
    {
        var errors = new List<ConfigurationError>();
        if (journal is not null)
        {
            annotations.Check(journal, Path(nameof(GatewayOptions.Journal)), (path, message) => errors.Add(new(path, message)));
        }

        return errors;
    }

    private static string Path(string property) => ModelPath.Join(nameof(GatewayOptions), property);
}
