using System.CommandLine;

namespace GatewayKit.Cli.Audit;

/// <summary>Lists holds.</summary>
internal static class HoldsCommand
{
    public static Command Create()
    {
        var custody = new CustodyOption();
        var names = new Option<bool>("--names") { Description = "Prints the names of whom they touch, which may be ids of persons. Default: how many." };
        var json = new Option<bool>("--json") { Description = "Prints JSON, an object a line." };
        var command = new Command("holds", "Lists the holds in force.") { names, json };
        custody.AddTo(command, isRecorded: false);
        command.SetAction((parsed, _) =>
        {
            foreach (var hold in custody.Open(parsed).Holds)
            {
                HoldText.Print(hold, parsed.GetValue(json), parsed.GetValue(names));
            }

            return Task.FromResult(ExitCode.Fine);
        });
        return command;
    }
}
