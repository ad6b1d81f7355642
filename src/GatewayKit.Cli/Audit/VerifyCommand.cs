using System.CommandLine;
using GatewayKit.Auditing.Reading;

namespace GatewayKit.Cli.Audit;

/// <summary>Says whether a journal is what was written.</summary>
internal static class VerifyCommand
{
    public static Command Create()
    {
        var journal = new JournalOption();
        var keys = new Option<string?>("--keys") { Description = "Public keys to trust, from elsewhere: a folder of <id>.pem, and of <instance>/<id>.pem for one instance only, or one such file. Default: of each instance those that lie in its folder." };
        var anchors = new Option<string[]>("--anchor") { Description = "A file of checkpoints that were kept elsewhere. May be named several times." };
        var expected = new Option<string[]>("--expect") { Description = "An instance that has to be there. May be named several times." };
        var instances = new Option<string[]>("--instance") { Description = "An instance that is verified. May be named several times. Default: all." };
        var unsigned = Values.Number("--most-unsigned", "How many seconds at the end may be without a signature, 0 to 86400; 0 allows no line.", 0, 86_400, 60);
        var lines = Values.Number("--most-unsigned-lines", "How many lines at the end may be without a signature, whatever times they say, 0 to 1000000000.", 0, 1_000_000_000, 16_384);
        var json = new Option<bool>("--json") { Description = "Prints JSON." };
        var command = new Command("verify", "Reads all of a journal and says whether every byte is accounted for. Ends with 1 if not.") { keys, anchors, expected, instances, unsigned, lines, json };
        journal.AddTo(command, isRecorded: false);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var report = await journal.Open(parsed).VerifyAsync(
                new()
                {
                    TrustedKeys = parsed.GetValue(keys) is { } path ? AuditKeys.Load(path) : null,
                    Anchors = parsed.GetValue(anchors) ?? [],
                    ExpectedInstances = parsed.GetValue(expected) ?? [],
                    Instances = parsed.GetValue(instances) ?? [],
                    MostUnsignedLines = parsed.GetValue(lines),
                    MostUnsigned = TimeSpan.FromSeconds(parsed.GetValue(unsigned)),
                },
                new ErrorOutput(),
                cancellationToken).ConfigureAwait(false);
            Console.WriteLine(parsed.GetValue(json) ? report.ToJson() : report.ToString());
            if (report.Findings.Any(static finding => finding.Code is AuditFindingCode.UnknownKey && finding.File.StartsWith("cli-", StringComparison.Ordinal)))
            {
                Console.Error.WriteLine("Instances cli-… are those of readers. Keys for them count in folders of their names alone: look at what they have recorded, and copy their keys to such folders in that of --keys; or verify hosts alone, by --instance.");
            }

            return report.IsIntact ? ExitCode.Fine : ExitCode.Findings;
        });
        return command;
    }

    // At once, and not by a thread of the pool: the last word would come after the report.
    private sealed class ErrorOutput : IProgress<AuditProgress>
    {
        private const long Told = 256 << 20;
        private long _next = Told;

        public void Report(AuditProgress value)
        {
            if (value.Bytes >= _next)
            {
                _next = value.Bytes + Told;
                Console.Error.WriteLine($"{value.Bytes >> 20} of {value.TotalBytes >> 20} MiB, {value.Lines} lines");
            }
        }
    }
}
