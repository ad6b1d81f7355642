using System.CommandLine;
using GatewayKit.Auditing.Reading;

namespace GatewayKit.Cli.Audit;

/// <summary>Which journal is read, and where that is recorded.</summary>
internal sealed class JournalOption
{
    private readonly Argument<string> _directory = new("directory") { Description = "The directory of the journal, in which its instances are." };
    private readonly Option<string?> _alternate = new("--alternate") { Description = "The directory where it goes on when its disk has failed." };
    private readonly Option<string?> _reader = new("--as") { Description = "The instance, beside those that are read, in which it is recorded that they are. Default: cli- and the name of the user." };
    private readonly Option<bool> _unrecorded = new("--unrecorded") { Description = "Reads without a record of it: a copy, or a journal that must not be written to." };

    public void AddTo(Command command, bool isRecorded)
    {
        command.Arguments.Add(_directory);
        command.Options.Add(_alternate);
        if (isRecorded)
        {
            command.Options.Add(_reader);
            command.Options.Add(_unrecorded);
        }
    }

    public AuditLog Open(ParseResult parsed) => new(parsed.GetRequiredValue(_directory), parsed.GetValue(_alternate));

    /// <summary>Reads it, and records that unless it is not wanted.</summary>
    public async Task<int> ReadAsync(ParseResult parsed, Func<AuditLog, Task<int>> read)
    {
        if (parsed.GetValue(_unrecorded))
        {
            return await read(Open(parsed)).ConfigureAwait(false);
        }

        var reader = AuditReader.Open(parsed.GetRequiredValue(_directory), parsed.GetValue(_reader) ?? OwnName(), parsed.GetValue(_alternate));
        await using (reader.ConfigureAwait(false))
        {
            return await read(reader.Log).ConfigureAwait(false);
        }
    }

    /// <summary>The instance of whoever calls the tool.</summary>
    public static string OwnName() => "cli-" + string.Concat(Environment.UserName.Select(static letter => char.IsAsciiLetterOrDigit(letter) ? letter : '_').Take(60));
}
