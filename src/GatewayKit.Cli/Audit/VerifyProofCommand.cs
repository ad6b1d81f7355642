using System.CommandLine;
using GatewayKit.Auditing.Reading;

namespace GatewayKit.Cli.Audit;

/// <summary>Verifies proofs. It needs no journal.</summary>
internal static class VerifyProofCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("file") { Description = "Proofs, one a line; \"-\" is standard input." };
        var keys = new Option<string>("--keys") { Description = "Public keys to trust: a folder of <id>.pem, and of <instance>/<id>.pem for one instance only, or one such file.", Required = true };
        var command = new Command("verify-proof", "Says whether proofs hold. Ends with 1 if one does not.") { file, keys };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (trusted, path, line, wrong) = (AuditKeys.Load(parsed.GetRequiredValue(keys)), parsed.GetRequiredValue(file), 0, 0);
            using var reader = path is "-" ? Console.In : new StreamReader(path);
            while (await reader.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } text)
            {
                line++;
                if (FaultOf(text, trusted) is { } fault)
                {
                    wrong++;
                    Console.WriteLine($"{path}:{line}: {fault}");
                }
            }

            Console.WriteLine($"{line - wrong} of {line} proofs hold.");
            return wrong is 0 && line > 0 ? ExitCode.Fine : ExitCode.Findings;
        });
        return command;
    }

    private static string? FaultOf(string text, AuditKeys trusted)
    {
        try
        {
            return AuditProof.Parse(text).Verify(trusted);
        }
        catch (FormatException exception)
        {
            return exception.Message;
        }
    }
}
