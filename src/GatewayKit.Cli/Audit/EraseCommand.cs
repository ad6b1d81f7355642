using System.CommandLine;
using GatewayKit.Auditing.Custody;

namespace GatewayKit.Cli.Audit;

/// <summary>Erases the key of a person.</summary>
internal static class EraseCommand
{
    public static Command Create()
    {
        var custody = new CustodyOption();
        var json = new Option<bool>("--json") { Description = "Prints JSON." };
        var command = new Command(
            "erase",
            "Erases the key of a consumer, whose id is read from standard input: nobody can read the encrypted parts of its records any more, here or in any copy. It cannot be undone. Also while gateways run. A hold wins. Recorded as audit.erased or audit.erasure_refused. Ends with 1 if nothing was erased, because of a hold or because there was no key.") { json };
        custody.AddTo(command, isRecorded: true);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (!custody.HasConfig(parsed))
            {
                throw new ArgumentException("erase needs --config: only the settings of the gateway say where its keys are.");
            }

            var settings = custody.Settings(parsed, out var configuration);
            if (settings.Personal is not { Encrypted.Count: > 0 })
            {
                Console.Error.WriteLine($"{custody.PlaceOf(parsed, "Personal:Encrypted")} is empty: no part of the journal is encrypted, and there is no key whose erasure would make anything unreadable.");
                return ExitCode.Findings;
            }

            var custodian = custody.Open(parsed, settings, configuration);
            return Tell(await custodian.EraseAsync(await Person.ReadAsync(cancellationToken).ConfigureAwait(false), custody.Actor(parsed), cancellationToken).ConfigureAwait(false), parsed.GetValue(json));
        });
        return command;
    }

    private static int Tell(AuditErasure erasure, bool asJson)
    {
        if (asJson)
        {
            JsonLine.Print(json =>
            {
                json.WriteBoolean("isErased", erasure.Keys.Count > 0);
                json.Write("keys", erasure.Keys);
                json.Write("holds", erasure.Holds);
            });
        }
        else if (erasure.Keys.Count > 0)
        {
            Console.WriteLine($"Erased: {string.Join(", ", erasure.Keys)}. A gateway that runs may use it for up to five minutes more, for records that nobody can read from then on.");
        }

        if (!erasure.IsErased)
        {
            Console.Error.WriteLine($"Nothing is erased, because of the holds {string.Join(", ", erasure.Holds)}. That is recorded. Whoever may decide releases them first: \"gatewaykit audit release\".");
        }
        else if (erasure.Keys.Count is 0)
        {
            Console.Error.WriteLine("Nothing was there to erase: there is no key of this consumer. Nothing of it was encrypted, its key was erased before, or its id is another one. That somebody tried is recorded, as audit.erased without keys.");
        }

        return erasure.Keys.Count > 0 ? ExitCode.Fine : ExitCode.Findings;
    }
}
