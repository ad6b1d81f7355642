using System.Globalization;
using GatewayKit.Auditing.Custody;

namespace GatewayKit.Cli.Audit;

/// <summary>Says what a hold is. Names of whom it touches are told only if somebody asks for them.</summary>
internal static class HoldText
{
    public static void Print(AuditHold hold, bool asJson, bool withNames)
    {
        if (asJson)
        {
            JsonLine.Print(json =>
            {
                json.WriteString("id", hold.Id);
                json.WriteString("setAt", Text(hold.SetAt));
                json.WriteString("from", Text(hold.From));
                json.WriteString("to", Text(hold.To));
                json.WriteString("route", hold.Route);
                json.WriteNumber("subjects", hold.Subjects.Count);
                if (withNames)
                {
                    json.Write("names", hold.Subjects);
                }

                json.WriteString("reason", hold.Reason);
                json.WriteBoolean("isReadable", IsReadable(hold));
            });
            return;
        }

        var names = hold.Subjects.Count is 0 ? "everybody" : withNames ? string.Join(", ", hold.Subjects) : Amount.Of(hold.Subjects.Count, "name");
        Console.WriteLine(QueryCommand.Plain(IsReadable(hold)
            ? $"{hold.Id}  set {Text(hold.SetAt)}  from {Text(hold.From) ?? "-"}  to {Text(hold.To) ?? "-"}  route {hold.Route ?? "-"}  {names}  {hold.Reason ?? "-"}"
            : $"{hold.Id}  cannot be read, and so holds everything"));
    }

    // Its file was cut or changed by hand.
    private static bool IsReadable(AuditHold hold) => hold.SetAt != default;

    private static string? Text(DateTimeOffset? time) => time?.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);
}
