using GatewayKit.Auditing.Journal;
using GatewayKit.Configuration;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit;

/// <summary>Reads what a configuration says of the audit journal, for programs that are no gateway.</summary>
public static class AuditSettings
{
    /// <summary>Reads the settings of the journal, and checks them as a start does. Nothing else of the configuration is looked at.</summary>
    /// <param name="section">The gateway's section, as <c>AddApiGateway(section)</c> takes it.</param>
    /// <returns>The settings. Without a key <c>Journal</c>, the defaults.</returns>
    /// <exception cref="GatewayConfigurationException">They cannot be used; it has every error.</exception>
    public static JournalOptions Read(IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(section);
        var journal = section.GetSection(nameof(GatewayOptions.Journal));
        var values = journal.AsEnumerable(makePathsRelative: true).Where(static pair => pair.Key.Length > 0).Select(static pair => KeyValuePair.Create(ConfigurationPath.Combine(GatewaySections.DefaultName, nameof(GatewayOptions.Journal), pair.Key), pair.Value));
        var alone = new ConfigurationBuilder().AddInMemoryCollection(values).Build().GetSection(GatewaySections.DefaultName);
        using var services = new ServiceCollection().AddLogging().AddApiGateway(alone).Services.BuildServiceProvider();
        var (binder, options, errors) = (services.GetRequiredService<SectionBinder>(), new GatewayOptions(), new List<ConfigurationError>());
        binder.BindRouteSet(alone, errors);
        binder.BindOptions(alone, options);
        errors.AddRange(services.GetRequiredService<GatewayOptionsChecks>().Check(options));
        return errors.Count is 0 ? options.Journal ?? new() : throw new GatewayConfigurationException(errors);
    }
}
