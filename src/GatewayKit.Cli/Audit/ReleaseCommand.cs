using System.CommandLine;

namespace GatewayKit.Cli.Audit;

/// <summary>Releases a hold.</summary>
internal static class ReleaseCommand
{
    public static Command Create()
    {
        var custody = new CustodyOption();
        var id = new Argument<string>("hold") { Description = "The id of the hold, as \"audit holds\" lists it." };
        var command = new Command("release", "Releases a hold. Recorded as hold.released. Ends with 1 if there is none of that id.");
        custody.AddTo(command, isRecorded: true);
        command.Arguments.Add(id);
        command.SetAction(async (parsed, _) =>
        {
            if (await custody.Open(parsed).ReleaseAsync(parsed.GetRequiredValue(id), custody.Actor(parsed)).ConfigureAwait(false))
            {
                Console.WriteLine($"{parsed.GetRequiredValue(id)}  released");
                return ExitCode.Fine;
            }

            Console.Error.WriteLine("There is no hold of this id. \"gatewaykit audit holds\" lists those in force.");
            return ExitCode.Findings;
        });
        return command;
    }
}
