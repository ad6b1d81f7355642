using System.Globalization;
using System.Text;
using GatewayKit.Pipeline;

namespace GatewayKit.Throttling.Replay;

/// <summary>Reports as text.</summary>
internal static class ReplayText
{
    private const int MaxBucketLines = 24;
    private const int BarLength = 30;

    public static string Of(ReplayReport report)
    {
        var text = new StringBuilder();
        Write(text, report);
        return text.ToString();
    }

    public static string Of(ReplayComparison comparison)
    {
        var text = new StringBuilder();
        Line(text, $"                              {"requests",12}{"both allow",14}{"only 1 refuses",16}{"only 2 refuses",16}{"both refuse",14}");
        Row("all routes", comparison.Total);
        foreach (var route in comparison.Routes)
        {
            Row(route.Route, route.Outcomes);
        }

        if (comparison.NotCompared > 0)
        {
            Line(text, $"Not compared, since only one configuration has their route: {comparison.NotCompared:N0}.");
        }

        Line(text, $"");
        Line(text, $"=== 1");
        Write(text, comparison.First);
        Line(text, $"");
        Line(text, $"=== 2");
        Write(text, comparison.Second);
        return text.ToString();

        void Row(string name, ReplayOutcomes outcomes) => Line(
            text,
            $"{name,-30}{outcomes.BothAllow + outcomes.OnlyFirstRefuses + outcomes.OnlySecondRefuses + outcomes.BothRefuse,12:N0}{outcomes.BothAllow,14:N0}{outcomes.OnlyFirstRefuses,16:N0}{outcomes.OnlySecondRefuses,16:N0}{outcomes.BothRefuse,14:N0}");
    }

    private static void Write(StringBuilder text, ReplayReport report)
    {
        if (report is { First: { } first, Last: { } last })
        {
            Line(text, $"{Counts(report.Total)}, {Time(first)} to {Time(last)}.");
        }
        else
        {
            Line(text, $"No requests.");
        }

        WriteNotes(text, report);
        foreach (var route in report.Routes)
        {
            WriteRoute(text, route);
        }

        WriteBuckets(text, report);
    }

    private static void WriteNotes(StringBuilder text, ReplayReport report)
    {
        foreach (var (count, what) in (ReadOnlySpan<(long, string)>)
        [
            (report.MalformedLines, "lines that are no records"),
            (report.Late, "records that came too late to be put in order"),
            (report.OutOfRange, "records left out, more than ten years from others"),
            (report.LeftOut, "records left out, because a limit had refused them"),
            (report.CutShort, "requests that ended at once, because too many were in flight"),
        ])
        {
            if (count > 0)
            {
                Line(text, $"Note, {what}: {count:N0}");
            }
        }

        foreach (var unknown in report.UnknownRoutes)
        {
            Line(text, $"Note, records of the route '{LogSafe(unknown.Route)}', which is not there: {unknown.Records:N0}");
        }
    }

    private static void WriteRoute(StringBuilder text, ReplayRouteReport route)
    {
        Line(text, $"");
        Line(text, $"{route.Route}: {Counts(route.Counts)}");
        foreach (var policy in route.Policies)
        {
            WritePolicy(text, policy);
        }

        foreach (var reason in route.NotReplayed)
        {
            Line(text, $"  not replayed: {reason}");
        }
    }

    private static void WritePolicy(StringBuilder text, ReplayPolicyReport policy)
    {
        var mode = policy.Mode is not PolicyMode.Enforce ? $" ({policy.Mode})" : policy.EnforcePercent < 100 ? string.Create(CultureInfo.InvariantCulture, $" (Enforce {policy.EnforcePercent} %)") : string.Empty;
        Line(text, $"  {policy.Policy} '{policy.Name}'{mode}: {policy.Seen:N0} seen, {policy.Allowed:N0} allowed, {policy.Refused:N0} refused{(policy.WouldRefuse > 0 ? $", {policy.WouldRefuse.ToString("N0", CultureInfo.InvariantCulture)} refused in shadow" : string.Empty)}");
        Line(text, $"    {policy.Settings}");
        foreach (var reason in policy.Reasons)
        {
            Line(text, $"    {reason.Reason}: {reason.Requests:N0}");
        }

        if (policy.Candidate is { } candidate)
        {
            Line(text, $"    candidate: both allow {candidate.BothAllow:N0}, only it refuses {candidate.OnlySecondRefuses:N0}, only the live one refuses {candidate.OnlyFirstRefuses:N0}, both refuse {candidate.BothRefuse:N0}");
        }

        if (policy.Keys.Count > 0)
        {
            Line(text, $"    {"key",-40}{"refused",12}{"longest run",13}  {"first",-20}  last");
            foreach (var key in policy.Keys)
            {
                Line(text, $"    {LogSafe(key.Key),-40}{key.Refusals,12:N0}{key.LongestRun,13:N0}  {Time(key.First)}  {Time(key.Last)}");
            }

            if (policy.RefusedKeys > policy.Keys.Count)
            {
                Line(text, $"    and {policy.RefusedKeys - policy.Keys.Count:N0} more keys");
            }
        }

        if (policy.KeysMayLack > 0)
        {
            Line(text, $"    keys may have up to {policy.KeysMayLack:N0} refusals more");
        }
    }

    private static void WriteBuckets(StringBuilder text, ReplayReport report)
    {
        var refusing = report.Buckets.Where(static bucket => bucket.Counts.Refused + bucket.Counts.WouldRefuse > 0).ToArray();
        if (refusing.Length == 0)
        {
            return;
        }

        // The worst, in the order of time: a table for people. JSON has all.
        var shown = refusing.OrderByDescending(static bucket => bucket.Counts.Refused + bucket.Counts.WouldRefuse).Take(MaxBucketLines).OrderBy(static bucket => bucket.Start).ToArray();
        var most = shown.Max(static bucket => bucket.Counts.Refused + bucket.Counts.WouldRefuse);
        Line(text, $"");
        Line(text, $"Refusals in {report.BucketWidth:c}{(shown.Length < refusing.Length ? string.Create(CultureInfo.InvariantCulture, $", the worst {shown.Length} of {refusing.Length}") : string.Empty)}:");
        Line(text, $"  {"from",-20}{"requests",12}{"refused",12}{"in shadow",12}");
        foreach (var (start, counts) in shown)
        {
            var bar = new string('#', (int)Math.Ceiling((double)(counts.Refused + counts.WouldRefuse) / most * BarLength));
            Line(text, $"  {Time(start)}{counts.Requests,12:N0}{counts.Refused,12:N0}{counts.WouldRefuse,12:N0}  {bar}");
        }
    }

    private static string Counts(in ReplayCounts counts) => string.Create(
        CultureInfo.InvariantCulture,
        $"{counts.Requests:N0} {(counts.Requests == 1 ? "request" : "requests")}, {counts.Allowed:N0} allowed, {counts.Refused:N0} refused, {counts.WouldRefuse:N0} refused in shadow, {counts.RefusedThen:N0} refused when recorded");

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    // A header may have anything in it, and a terminal obeys escape sequences.
    private static string LogSafe(string key) => string.Concat(key.Select(static c => char.IsControl(c) ? '?' : c));

    private static void Line(StringBuilder text, FormattableString line) => text.AppendLine(line.ToString(CultureInfo.InvariantCulture));
}
