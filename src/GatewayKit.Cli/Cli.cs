using System.CommandLine;
using System.CommandLine.Help;
using GatewayKit.Cli.Audit;
using GatewayKit.Configuration;
using Standalone;

namespace GatewayKit.Cli;

/// <summary>The commands, and what they end with.</summary>
internal static class Cli
{
    private static Task<int> Main(string[] args) => RunAsync(args);

    public static async Task<int> RunAsync(string[] args)
    {
        // By the name that people call it: that of the file is another one.
        var root = new Command(
            "gatewaykit",
            "The command line of GatewayKit. Exit codes: 0 done, and nothing is wrong; 1 something is wrong with what was looked at; 2 the command line cannot be used; 3 something cannot be read or written.")
        {
            new Command("audit", "Audit journals: reads and verifies them, also while they are written, and decides what of them is kept.")
            {
                VerifyCommand.Create(), QueryCommand.Create(), ExportCommand.Create(), ProveCommand.Create(), VerifyProofCommand.Create(),
                HoldCommand.Create(), HoldsCommand.Create(), ReleaseCommand.Create(), EraseCommand.Create(), PruneCommand.Create(),
            },
            StandaloneCommands.CreateCheck(),
            StandaloneCommands.CreateNewKey(),
            StandaloneCommands.CreateReplay(),
            new HelpOption(),
            new VersionOption(),
        };
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            return Fail(ExitCode.Usage, [.. parsed.Errors.Select(static error => error.Message), "Try --help."]);
        }

        try
        {
            return await parsed.InvokeAsync(new() { EnableDefaultExceptionHandler = false }).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException)
        {
            return Fail(ExitCode.Usage, [exception.Message]);
        }
        catch (GatewayConfigurationException exception)
        {
            return Fail(ExitCode.Findings, exception.Errors.Select(static error => error.ToString()));
        }
        catch (InvalidDataException exception)
        {
            return Fail(ExitCode.CannotRead, [GatewayHost.Explain(exception)]);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Fail(ExitCode.CannotRead, [exception.Message]);
        }
        catch (OperationCanceledException)
        {
            return Fail(ExitCode.CannotRead, ["Cancelled."]);
        }
    }

    private static int Fail(int code, IEnumerable<string> messages)
    {
        foreach (var message in messages)
        {
            Console.Error.WriteLine(message);
        }

        return code;
    }
}
