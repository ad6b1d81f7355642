using System.CommandLine;
using GatewayKit.Auditing.Journal;
using Microsoft.Extensions.Configuration;
using Standalone;

namespace GatewayKit.Cli.Audit;

/// <summary>The settings of the gateway whose journal it is.</summary>
internal sealed class SettingsOption
{
    private readonly Option<string?> _config = new("--config") { Description = "The configuration of the gateway, JSON with comments: its Gateway:Journal says how people are named, where keys are, how long lines are kept. Paths in it begin at the current directory." };

    public void AddTo(Command command) => command.Options.Add(_config);

    public bool IsGiven(ParseResult parsed) => parsed.GetValue(_config) is not null;

    /// <summary>What stands in front of a key of the journal's settings in a message.</summary>
    public string PlaceOf(ParseResult parsed, string key) => $"{parsed.GetValue(_config)}: Gateway:Journal:{key}";

    /// <summary>The settings, as far as they are known.</summary>
    public JournalOptions Read(ParseResult parsed, JournalOption journal, out IConfiguration? configuration)
    {
        configuration = null;
        var settings = new JournalOptions();
        if (parsed.GetValue(_config) is { } file)
        {
            // The environment's variables may override a value of the file, as they do when it is served.
            configuration = new ConfigurationBuilder().AddJsonFile(Path.GetFullPath(file), optional: false, reloadOnChange: false).AddEnvironmentVariables().Build();
            settings = AuditSettings.Read(GatewayHost.RequiredSection(configuration, file));
        }

        // A disk that never failed has no other directory yet.
        var alternate = Directory.Exists(settings.AlternateDirectory) ? settings.AlternateDirectory : null;
        return settings with { Directory = journal.Directory(parsed), AlternateDirectory = journal.Alternate(parsed) ?? alternate };
    }
}
