using System.CommandLine;
using GatewayKit.Auditing.Custody;

namespace GatewayKit.Cli.Audit;

/// <summary>Deletes what nobody has to keep any more.</summary>
internal static class PruneCommand
{
    public static Command Create()
    {
        var custody = new CustodyOption();
        var retain = Values.Span("--retain-for", "How long lines are kept, in place of RetainFor of --config: days, or days.hours:minutes:seconds. 1 to 36500 days.", TimeSpan.FromDays(1), TimeSpan.FromDays(36_500));
        var instances = new Option<string[]>("--instance") { Description = "An instance. May be named several times. Default: all that no process writes." };
        var without = new Option<string[]>("--without-copy") { Description = "A sink or guard whose copy nobody waits for any more, as the command names it. May be named several times." };
        var trustClock = new Option<bool>("--trust-clock") { Description = "The clock of this machine is right, although the newest record of an instance is in its future, or further back than lines are kept. Without it nothing of such an instance is deleted." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only says what would be deleted, and by whom. Nothing is written." };
        var json = new Option<bool>("--json") { Description = "Prints JSON, an object for each instance on a line." };
        var command = new Command(
            "prune",
            "Deletes segments whose time has come, as gateways do once an hour by themselves, of instances that no process writes: the oldest first, up to the first one that a hold touches or a required sink does not have. Recorded as audit.retention in each instance. Ends with 1 if a segment cannot be read or recorded, or the clock may be wrong.")
        {
            retain, instances, without, trustClock, dryRun, json,
        };
        custody.AddTo(command, isRecorded: false);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var retainFor = parsed.GetValue(retain);
            if (custody.HasConfig(parsed) == retainFor is not null)
            {
                throw new ArgumentException("How long lines are kept has to be said, once: by --config FILE, whose RetainFor counts, or by --retain-for DAYS.");
            }

            var settings = custody.Settings(parsed, out var configuration);
            var custodian = custody.Open(parsed, retainFor is { } span ? settings with { RetainFor = span } : settings, configuration);
            var what = new AuditCustodianPruning
            {
                Instances = parsed.GetValue(instances) ?? [], WithoutCopies = parsed.GetValue(without) ?? [], IsClockTrusted = parsed.GetValue(trustClock), IsPreview = parsed.GetValue(dryRun),
            };
            var code = ExitCode.Fine;
            await foreach (var one in custodian.PruneAsync(what, new ErrorOutput(), cancellationToken).ConfigureAwait(false))
            {
                Tell(one, what.IsPreview, parsed.GetValue(json));
                code = Math.Max(code, CodeOf(one, what));
            }

            return code;
        });
        return command;
    }

    private static int CodeOf(AuditInstancePruning one, AuditCustodianPruning what) =>
        one.IsInUse && !what.IsPreview && what.Instances.Count > 0 ? ExitCode.CannotRead
        : one.Pruning.Stop is AuditPruningStop.Unreadable or AuditPruningStop.Unrecorded or AuditPruningStop.Clock ? ExitCode.Findings
        : ExitCode.Fine;

    private static void Tell(AuditInstancePruning one, bool isPreview, bool asJson)
    {
        if (asJson)
        {
            JsonLine.Print(json =>
            {
                json.WriteString("instance", one.Instance);
                json.WriteNumber("segments", one.Pruning.Segments);
                json.WriteNumber("lines", one.Pruning.Lines);
                json.WriteString("stop", one.Pruning.Stop.ToString());
                json.WriteBoolean("isInUse", one.IsInUse);
                json.WriteBoolean("isPreview", isPreview);
                json.Write("missingCopies", one.MissingCopies);
            });
        }
        else
        {
            Console.WriteLine($"{one.Instance}: {(one.IsInUse ? "a process writes it, which deletes what may go by itself, once an hour; this command deletes nothing of it while it runs. " : string.Empty)}{TextOf(one, isPreview)}");
        }
    }

    private static string TextOf(AuditInstancePruning one, bool isPreview) => (one.IsInUse, isPreview) switch
    {
        (true, false) => "Stop it to have it done now.",
        (true, true) => $"{SizeOf(one.Pruning)} would go the next time. {WhyOf(one)}",
        (false, true) => $"{SizeOf(one.Pruning)} would be deleted. {WhyOf(one)}",
        _ => $"{SizeOf(one.Pruning)} deleted. {WhyOf(one)}",
    };

    private static string SizeOf(AuditPruning pruning) => $"{Amount.Of(pruning.Segments, "segment")} with {Amount.Of(pruning.Lines, "line")}";

    private static string WhyOf(AuditInstancePruning one) => one.Pruning.Stop switch
    {
        AuditPruningStop.Newest => "There is nothing older than what is written.",
        AuditPruningStop.Retention => "The next one stays: its time has not come.",
        AuditPruningStop.Hold => "The next one stays: a hold touches it.",
        AuditPruningStop.Guard => $"The next one stays: {string.Join(", ", one.MissingCopies)} is required, and does not have it as far as files tell. Start the gateway, or go on without (--without-copy).",
        AuditPruningStop.Unreadable => "The next one cannot be read, and stays: look at it with \"gatewaykit audit verify\".",
        AuditPruningStop.Clock => "The clock of this machine may be wrong: the newest record is in its future, or further back than lines are kept, so that nothing would be left. If it is right, say so (--trust-clock).",
        _ => "The next one stays: that it is deleted cannot be recorded.",
    };

    private sealed class ErrorOutput : IProgress<AuditPruning>
    {
        private const int Told = 100;

        public void Report(AuditPruning value)
        {
            if (value.Segments % Told is 0)
            {
                Console.Error.WriteLine(SizeOf(value));
            }
        }
    }
}
