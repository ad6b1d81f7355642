using System.CommandLine;
using GatewayKit.Auditing.Reading;
using Standalone;

namespace GatewayKit.Cli.Audit;

/// <summary>Which journal, and in which instance of it is recorded what is done with it.</summary>
internal sealed class JournalOption
{
    private readonly Argument<string> _directory = new("directory") { Description = "The directory of the journal, in which its instances are." };
    private readonly Option<string?> _alternate = new("--alternate") { Description = "The directory where it goes on when its disk has failed." };
    private readonly Option<string?> _name = new("--as") { Description = "The instance, beside those that are there, in which it is recorded. Default: cli- and the name of the user." };

    /// <param name="command">The command.</param>
    /// <param name="isRecorded">Whether it records in an instance of its own.</param>
    public void AddTo(Command command, bool isRecorded)
    {
        command.Arguments.Add(_directory);
        command.Options.Add(_alternate);
        if (isRecorded)
        {
            command.Options.Add(_name);
        }
    }

    public string Directory(ParseResult parsed) => parsed.GetRequiredValue(_directory);

    public string? Alternate(ParseResult parsed) => parsed.GetValue(_alternate);

    public string Name(ParseResult parsed) => parsed.GetValue(_name) ?? CurrentUser.ReaderName;

    public AuditLog Open(ParseResult parsed) => new(Directory(parsed), Alternate(parsed));
}
