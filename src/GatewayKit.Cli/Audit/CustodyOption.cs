using System.CommandLine;
using GatewayKit.Auditing.Custody;
using GatewayKit.Auditing.Journal;
using Microsoft.Extensions.Configuration;
using Standalone;

namespace GatewayKit.Cli.Audit;

/// <summary>Which journal custody is taken of, by whose settings, and where that is recorded.</summary>
internal sealed class CustodyOption
{
    private readonly JournalOption _journal = new();
    private readonly SettingsOption _settings = new();
    private readonly Option<string?> _actor = new("--actor") { Description = "Who does it, as the journal has it. Default: the name of the user." };

    /// <param name="command">The command.</param>
    /// <param name="isRecorded">Whether it records in an instance of its own.</param>
    public void AddTo(Command command, bool isRecorded)
    {
        _journal.AddTo(command, isRecorded);
        _settings.AddTo(command);
        if (isRecorded)
        {
            command.Options.Add(_actor);
        }
    }

    /// <summary>Who does it.</summary>
    public string Actor(ParseResult parsed) => parsed.GetValue(_actor) switch
    {
        null => CurrentUser.Name,
        { } name when !string.IsNullOrWhiteSpace(name) => name,
        _ => throw new ArgumentException("--actor is empty."),
    };

    public bool HasConfig(ParseResult parsed) => _settings.IsGiven(parsed);

    /// <inheritdoc cref="SettingsOption.PlaceOf"/>
    public string PlaceOf(ParseResult parsed, string key) => _settings.PlaceOf(parsed, key);

    /// <inheritdoc cref="SettingsOption.Read"/>
    public JournalOptions Settings(ParseResult parsed, out IConfiguration? configuration) => _settings.Read(parsed, _journal, out configuration);

    public AuditCustodian Open(ParseResult parsed)
    {
        var settings = Settings(parsed, out var configuration);
        return Open(parsed, settings, configuration);
    }

    public AuditCustodian Open(ParseResult parsed, JournalOptions settings, IConfiguration? configuration) => new(settings, _journal.Name(parsed), configuration, contentRoot: _settings.Root(parsed));
}
