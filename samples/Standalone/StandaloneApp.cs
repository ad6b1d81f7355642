using System.Security.Cryptography;
using GatewayKit;
using GatewayKit.Configuration;

namespace Standalone;

/// <summary>What the command line asks for, done.</summary>
internal static class StandaloneApp
{
    /// <param name="args">The arguments.</param>
    /// <param name="configure">Adds to the gateway what is in no file.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, Action<GatewayBuilder>? configure = null)
    {
        var line = CommandLine.Parse(args);
        if (line.ShowHelp)
        {
            Console.WriteLine(CommandLine.Help);
            return ExitCode.Fine;
        }

        if (line.Errors.Count > 0)
        {
            return Fail(ExitCode.BadArguments, [.. line.Errors, "Try --help."]);
        }

        if (line.NewKey is not null)
        {
            return NewKeyCommand.Run(line);
        }

        if (line.Replay.Count > 0)
        {
            try
            {
                return await ReplayCommand.RunAsync(line);
            }
            catch (InvalidDataException exception)
            {
                return Fail(ExitCode.BadConfiguration, GatewayHost.Explain(exception));
            }
            catch (ArgumentException exception) when (exception.ParamName is "reader")
            {
                return Fail(ExitCode.BadArguments, exception.Message);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                return Fail(ExitCode.BadRecords, exception.Message);
            }
        }

        WebApplication app;
        try
        {
            app = GatewayHost.Build(line, configure);
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            // The file is not there, not JSON, or has no section of the gateway.
            return Fail(ExitCode.BadConfiguration, GatewayHost.Explain(exception));
        }
        catch (CryptographicException exception)
        {
            return Fail(ExitCode.BadArguments, $"The certificate cannot be used: {exception.Message}");
        }

        await using (app)
        {
            try
            {
                await app.StartAsync();
            }
            catch (GatewayConfigurationException exception)
            {
                return Fail(ExitCode.BadConfiguration, [.. exception.Errors.Select(static error => error.ToString())]);
            }
            catch (IOException exception)
            {
                return Fail(ExitCode.CannotListen, exception.Message);
            }

            if (line.OnlyChecks)
            {
                ConfigurationCheck.Print(app, line);
                return ExitCode.Fine;
            }

            GatewayHost.PrintAddresses(app, line);
            await app.WaitForShutdownAsync();
            return ExitCode.Fine;
        }
    }

    private static int Fail(int exitCode, params IEnumerable<string?> messages)
    {
        foreach (var message in messages.OfType<string>().Distinct())
        {
            Console.Error.WriteLine(message);
        }

        return exitCode;
    }
}
