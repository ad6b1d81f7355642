using System.CommandLine;
using GatewayKit.Auditing.Custody;
using GatewayKit.Auditing.Journal;
using Microsoft.Extensions.Configuration;
using Standalone;

namespace GatewayKit.Cli.Audit;

/// <summary>Which journal custody is taken of, by whose settings, and where that is recorded.</summary>
internal sealed class CustodyOption
{
    private readonly Argument<string> _directory = new("directory") { Description = "The directory of the journal, in which its instances are." };
    private readonly Option<string?> _alternate = new("--alternate") { Description = "The directory where it goes on when its disk has failed." };
    private readonly Option<string?> _config = new("--config") { Description = "The configuration of the gateway, JSON with comments: its Gateway:Journal says how people are named, where keys are, how long lines are kept. Paths in it begin at the current directory." };
    private readonly Option<string?> _name = new("--as") { Description = "The instance, beside those that are there, in which it is recorded. Default: cli- and the name of the user." };

    /// <summary>Who does it.</summary>
    public static string Actor => Environment.UserName;

    /// <param name="command">The command.</param>
    /// <param name="isRecorded">Whether it records in an instance of its own.</param>
    public void AddTo(Command command, bool isRecorded)
    {
        command.Arguments.Add(_directory);
        command.Options.Add(_alternate);
        command.Options.Add(_config);
        if (isRecorded)
        {
            command.Options.Add(_name);
        }
    }

    public bool HasConfig(ParseResult parsed) => parsed.GetValue(_config) is not null;

    /// <summary>What stands in front of a key of the journal's settings in a message.</summary>
    public string PlaceOf(ParseResult parsed, string key) => $"{parsed.GetValue(_config)}: Gateway:Journal:{key}";

    /// <summary>The settings of the gateway, as far as they are known.</summary>
    public JournalOptions Settings(ParseResult parsed, out IConfiguration? configuration)
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
        return settings with { Directory = parsed.GetRequiredValue(_directory), AlternateDirectory = parsed.GetValue(_alternate) ?? alternate };
    }

    public AuditCustodian Open(ParseResult parsed)
    {
        var settings = Settings(parsed, out var configuration);
        return Open(parsed, settings, configuration);
    }

    public AuditCustodian Open(ParseResult parsed, JournalOptions settings, IConfiguration? configuration) => new(settings, parsed.GetValue(_name) ?? JournalOption.OwnName(), configuration);
}
