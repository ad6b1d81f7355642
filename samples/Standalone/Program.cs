using System.Security.Cryptography;
using GatewayKit.Configuration;
using Standalone;

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

WebApplication app;
try
{
    app = GatewayHost.Build(line);
}
catch (Exception exception) when (exception is InvalidDataException or IOException or UnauthorizedAccessException)
{
    // The file is not there or not JSON. The inner exception knows the line.
    return Fail(ExitCode.BadConfiguration, exception.Message, exception.InnerException?.Message, exception.InnerException?.InnerException?.Message);
}
catch (CryptographicException exception)
{
    return Fail(ExitCode.BadArguments, $"The certificate cannot be used: {exception.Message}");
}

await using (app)
{
    if (line.Check || line.Print)
    {
        return await ConfigurationCheck.RunAsync(app, line) is { Count: > 0 } errors
            ? Fail(ExitCode.BadConfiguration, [.. errors.Select(static error => error.ToString())])
            : ExitCode.Fine;
    }

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

    GatewayHost.PrintAddresses(app, line);
    await app.WaitForShutdownAsync();
    return ExitCode.Fine;
}

static int Fail(int exitCode, params IEnumerable<string?> messages)
{
    foreach (var message in messages.OfType<string>().Distinct())
    {
        Console.Error.WriteLine(message);
    }

    return exitCode;
}
