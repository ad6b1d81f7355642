using System.CommandLine;
using GatewayKit.Auditing.Reading;

namespace GatewayKit.Cli.Audit;

/// <summary>Proves the lines of accesses.</summary>
internal static class ProveCommand
{
    public static Command Create()
    {
        var reading = new ReadingOption();
        var command = new Command("prove", "Prints proofs of the lines of up to 100 accesses, one a line: for somebody who has the public key alone. Ends with 1 if there is no such access, or no checkpoint covers any. Recorded as audit.read.");
        reading.AddTo(command, reveals: false);
        command.SetAction((parsed, cancellationToken) => reading.ReadAsync(
            parsed,
            async (log, query) =>
            {
                var proofs = await ProofsAsync(log, query, cancellationToken).ConfigureAwait(false);
                foreach (var proof in proofs)
                {
                    Console.WriteLine(proof.ToJson());
                }

                if (proofs.Count > 0)
                {
                    return ExitCode.Fine;
                }

                // What is recorded as read already.
                var page = await reading.OpenUnrecorded(parsed).QueryAsync(query with { PageSize = 1 }, cancellationToken).ConfigureAwait(false);
                Console.Error.WriteLine(page.Entries.Count is 0
                    ? "Nothing is proved: there is no such access in the journal."
                    : "Nothing is proved: no checkpoint covers these lines yet. A journal that is written signs every ten seconds, and when it is closed.");
                ReadingOption.TellOfKeys(page.HasConcealed, unread: 0);
                return ExitCode.Findings;
            },
            cancellationToken));
        return command;
    }

    private static async Task<IReadOnlyList<AuditProof>> ProofsAsync(AuditLog log, AuditQuery query, CancellationToken cancellationToken)
    {
        try
        {
            return await log.ProveAsync(query, cancellationToken).ConfigureAwait(false);
        }
        catch (KeyNotFoundException)
        {
            return [];
        }
    }
}
