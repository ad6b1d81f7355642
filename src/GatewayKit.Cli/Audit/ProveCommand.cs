using System.CommandLine;

namespace GatewayKit.Cli.Audit;

/// <summary>Proves the lines of accesses.</summary>
internal static class ProveCommand
{
    public static Command Create()
    {
        var (journal, query) = (new JournalOption(), new QueryOptions());
        var command = new Command("prove", "Prints proofs of the lines of up to 100 accesses, one a line: for somebody who has the public key alone. Ends with 1 if no checkpoint covers any. Recorded as audit.read.");
        journal.AddTo(command, isRecorded: true);
        query.AddTo(command);
        command.SetAction((parsed, cancellationToken) => journal.ReadAsync(parsed, async log =>
        {
            var proofs = await log.ProveAsync(query.Of(parsed), cancellationToken).ConfigureAwait(false);
            foreach (var proof in proofs)
            {
                Console.WriteLine(proof.ToJson());
            }

            return proofs.Count > 0 ? ExitCode.Fine : ExitCode.Findings;
        }));
        return command;
    }
}
