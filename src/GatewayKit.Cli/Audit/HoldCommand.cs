using System.CommandLine;
using GatewayKit.Auditing.Custody;

namespace GatewayKit.Cli.Audit;

/// <summary>Sets a hold.</summary>
internal static class HoldCommand
{
    public static Command Create()
    {
        var custody = new CustodyOption();
        var from = Values.Time("--from", "From when on, by the time of lines: 2026-03-01, or 2026-03-01T12:00:00Z. Default: from the beginning.");
        var to = Values.Time("--to", "Before when. Default: for all time.");
        var subjects = new Option<string[]>("--subject") { Description = "A name as records have it in sub, such as a pseudonym, or the id of a key as in pk. May be named several times. Not for what names a person: see --person." };
        var person = new Option<bool>("--person") { Description = "The records of a consumer whose id is read from standard input, by every name that the settings of --config give it." };
        var route = new Option<string?>("--route") { Description = "The id of the route." };
        var everything = new Option<bool>("--everything") { Description = "Holds everything, where nothing else is said." };
        var reason = new Option<string>("--reason") { Description = "Why, such as the reference of a case. It is in the journal for as long as that is there: no names.", Required = true };
        var json = new Option<bool>("--json") { Description = "Prints JSON." };
        var command = new Command("hold", "Sets a legal hold: what it touches is not deleted, and keys of whom it touches are not erased, until it is released. Also while gateways run. Recorded as hold.set.")
        {
            from, to, subjects, person, route, everything, reason, json,
        };
        custody.AddTo(command, isRecorded: true);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var names = parsed.GetValue(subjects) ?? [];
            var hold = new AuditHold { From = parsed.GetValue(from), To = parsed.GetValue(to), Route = parsed.GetValue(route), Reason = parsed.GetRequiredValue(reason) };
            Check(hold, isNarrow: names.Length > 0 || parsed.GetValue(person), parsed.GetValue(everything));
            if (parsed.GetValue(person) && !custody.HasConfig(parsed))
            {
                throw new ArgumentException("--person needs --config: only the settings of the gateway say which names records have a person by.");
            }

            var custodian = custody.Open(parsed);
            if (parsed.GetValue(person))
            {
                names = [.. names, .. await custodian.SubjectsOfAsync(await Person.ReadAsync(cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false)];
            }

            HoldText.Print(await custodian.HoldAsync(hold with { Subjects = names }, custody.Actor(parsed)).ConfigureAwait(false), parsed.GetValue(json), withNames: false);
            return ExitCode.Fine;
        });
        return command;
    }

    private static void Check(AuditHold hold, bool isNarrow, bool everything)
    {
        if (hold.From >= hold.To)
        {
            throw new ArgumentException("--to has to be after --from.");
        }

        if (string.IsNullOrWhiteSpace(hold.Reason))
        {
            throw new ArgumentException("--reason is empty.");
        }

        isNarrow |= hold.From is not null || hold.To is not null || hold.Route is not null;
        if (isNarrow == everything)
        {
            throw new ArgumentException(everything
                ? "--everything goes with no other limit of a hold."
                : "A hold that names nothing keeps everything and forbids every erasure. Name --from, --to, --subject, --person or --route, or say --everything.");
        }
    }
}
