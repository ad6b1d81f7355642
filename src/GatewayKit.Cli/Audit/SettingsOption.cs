using System.CommandLine;
using GatewayKit.Auditing.Journal;
using GatewayKit.Auditing.Reading;
using Microsoft.Extensions.Configuration;
using Standalone;

namespace GatewayKit.Cli.Audit;

/// <summary>The settings of the gateway whose journal it is.</summary>
internal sealed class SettingsOption
{
    private readonly Option<string?> _config = new("--config") { Description = "The configuration of the gateway, JSON with comments: its Gateway:Journal says how people are named, where keys are, how long lines are kept." };
    private readonly Option<string?> _root = new("--content-root") { Description = "Where paths in the configuration begin that are not whole: the content root of the gateway. Default: the current directory." };

    public void AddTo(Command command)
    {
        command.Options.Add(_config);
        command.Options.Add(_root);
    }

    public bool IsGiven(ParseResult parsed) => parsed.GetValue(_config) is not null;

    /// <summary>Where paths of the settings begin that are not whole.</summary>
    public string Root(ParseResult parsed) => Path.GetFullPath(parsed.GetValue(_root) ?? ".");

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

        // What the command line names begins at the current directory, and has to be there.
        var (directory, alternate) = (Path.GetFullPath(journal.Directory(parsed)), journal.Alternate(parsed) is { } named ? Path.GetFullPath(named) : null);
        _ = new AuditLog(directory, alternate);
        return settings with { Directory = directory, AlternateDirectory = alternate ?? settings.AlternateDirectory };
    }
}
