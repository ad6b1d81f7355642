using System.CommandLine;
using Standalone;

namespace GatewayKit.Cli;

/// <summary>What the Standalone sample does, by its own code.</summary>
internal static class StandaloneCommands
{
    private const int BadRecords = 4;

    public static Command CreateCheck()
    {
        var file = new Argument<string>("file") { Description = "The configuration, JSON with comments, with a section \"Gateway\"." };
        var print = new Option<bool>("--print") { Description = "Prints what is in effect, route by route." };
        var command = new Command("check", "Validates a configuration as a start does. Nothing is served. What a program adds in code, such as an anchor, it cannot know.") { file, print };
        command.SetAction(async (parsed, _) =>
        {
            var anchors = new UnknownAnchors();
            var code = await RunAsync(["--config", parsed.GetRequiredValue(file), parsed.GetValue(print) ? "--print" : "--check"], anchors.AddTo).ConfigureAwait(false);
            if (code is ExitCode.Fine && anchors.AreDemanded)
            {
                Console.Error.WriteLine($"{parsed.GetRequiredValue(file)}: a route demands Strict auditing, and no place is named here that is told of checkpoints (Gateway:Journal:LogCheckpoints). That is fine if the program adds one in code, such as by AddAuditWebhookAnchor(); this file alone does not tell. Without one it does not start.");
            }

            return code;
        });
        return command;
    }

    public static Command CreateNewKey()
    {
        var consumer = new Argument<string>("consumer") { Description = "Who gets the key." };
        var application = new Option<string?>("--application") { Description = "The key is of this application of the consumer." };
        var scopes = new Option<string?>("--scopes") { Description = "What it is granted, separated by commas. Default: what the consumer is." };
        var command = new Command("new-key", "Makes an API key: prints it, once, and the lines for the configuration, which hold its hash.") { consumer, application, scopes };
        command.SetAction((parsed, _) => RunAsync(["--new-key", parsed.GetRequiredValue(consumer), .. With("--application", parsed.GetValue(application)), .. With("--scopes", parsed.GetValue(scopes))]));
        return command;
    }

    public static Command CreateReplay()
    {
        var records = new Argument<string[]>("records") { Description = "Files of records, one JSON object a line, or directories of audit journals; \"-\" is standard input. They are merged by time.", Arity = ArgumentArity.OneOrMore };
        var config = new Option<string>("--config") { Description = "The configuration whose limits are tried.", Required = true };
        var against = new Option<string?>("--against") { Description = "Another configuration: compares what both make of each request." };
        var served = new Option<bool>("--served-only") { Description = "Leaves out requests that a limit refused when they were recorded." };
        var top = Values.Number("--top", "How many keys of each limit are printed, 0 to 1000.", 0, 1_000, 10);
        var disorder = Values.Number("--max-disorder", "How far records may be out of order, in seconds, 0 to 3600.", 0, 3_600, 60);
        var redact = new Option<bool>("--redact") { Description = "Prints hashes in place of addresses and values of headers." };
        var json = new Option<bool>("--json") { Description = "Prints JSON in place of a table." };
        var reader = new Option<string?>("--as") { Description = "The instance of an audit journal in which it is recorded that it is read. Default: cli- and the name of the user." };
        var unrecorded = new Option<bool>("--unrecorded") { Description = "Reads audit journals without a record of it: copies, or journals that must not be written to." };
        var command = new Command("replay", "What if: recorded requests against the limits of a configuration, on the clock of the records. Nothing is served or sent. Of audit journals recorded as audit.read.")
        {
            records, config, against, served, top, disorder, redact, json, reader, unrecorded,
        };
        command.SetAction((parsed, _) => RunAsync(
        [
            "--config", parsed.GetRequiredValue(config), .. parsed.GetRequiredValue(records).SelectMany(static file => With("--replay", file)), .. With("--against", parsed.GetValue(against)),
            .. With("--top", $"{parsed.GetValue(top)}"), .. With("--max-disorder", $"{parsed.GetValue(disorder)}"), .. With("--as", parsed.GetValue(reader)),
            .. Switch("--served-only", parsed.GetValue(served)), .. Switch("--redact", parsed.GetValue(redact)), .. Switch("--json", parsed.GetValue(json)), .. Switch("--unrecorded", parsed.GetValue(unrecorded)),
        ]));
        return command;
    }

    // Values go behind an equals sign: they may begin as an option does.
    private static async Task<int> RunAsync(string[] arguments, Action<GatewayBuilder>? configure = null) =>
        await StandaloneApp.RunAsync(arguments, configure).ConfigureAwait(false) is var code && code == BadRecords ? ExitCode.CannotRead : code;

    private static string[] With(string name, string? value) => value is null ? [] : [$"{name}={value}"];

    private static string[] Switch(string name, bool isOn) => isOn ? [name] : [];
}
