using GatewayKit.Conservation;

namespace GatewayKit.AuditTests.Checker;

/// <summary>The checker is believed because each line that is missing, doubled or changed is found, and by the law that it breaks.</summary>
public sealed class ConservationCheckerTests
{
    [Fact]
    public void Logs_that_agree_are_found_to_agree() => Assert.Empty(Triple.Good().Check());

    public static TheoryData<int> ClientLines => [.. Enumerable.Range(0, Triple.Good().Clients.Count)];

    public static TheoryData<int> UpstreamLines => [.. Enumerable.Range(0, Triple.Good().Upstreams.Count)];

    public static TheoryData<int> JournalLines => [.. Enumerable.Range(0, Triple.Good().Journal.Count)];

    [Theory]
    [MemberData(nameof(ClientLines))]
    public void Line_of_the_client_that_is_missing_or_doubled_is_found(int line)
    {
        var (missing, doubled) = (Triple.Good(), Triple.Good());
        var text = missing.Clients[line];
        missing.Clients.RemoveAt(line);
        doubled.Clients.Insert(line, text);

        Assert.Contains(missing.Check(), static finding => finding.Law is Law.Form or Law.OneBeginning);
        Assert.Contains(doubled.Check(), static finding => finding.Law is Law.Form);
    }

    [Theory]
    [MemberData(nameof(UpstreamLines))]
    public void Line_of_a_destination_that_is_missing_or_doubled_is_found(int line)
    {
        var (missing, doubled) = (Triple.Good(), Triple.Good());
        var text = missing.Upstreams[line];
        missing.Upstreams.RemoveAt(line);
        doubled.Upstreams.Insert(line, text);

        if (text.StartsWith("body", StringComparison.Ordinal))
        {
            // Of an answer that the client did not see whole, nobody knows whether it was the right one.
            Assert.True(missing.Check().Any(static finding => finding.Law is Law.SameEnd) || text.Contains(" cut ", StringComparison.Ordinal));
            return;
        }

        // An attempt that came to nothing may not have arrived, or more than once: the transport repeats what may be repeated.
        var isUnanswered = text.Contains(" left ", StringComparison.Ordinal) || text.Contains(" retried ", StringComparison.Ordinal);
        Assert.True(isUnanswered || missing.Check().Any(static finding => finding.Law is Law.SameAttempts));
        Assert.True(isUnanswered || doubled.Check().Any(static finding => finding.Law is Law.SameAttempts));
    }

    [Theory]
    [MemberData(nameof(JournalLines))]
    public void Line_of_the_journal_that_is_missing_doubled_or_swapped_breaks_the_chain(int line)
    {
        // The segment's own line is in front.
        var at = line + 1;
        if (at < JournalLines.Count)
        {
            // A tail that is cut off is found by what was signed of it, which is not in the chain.
            Assert.Contains(Triple.Good().Check(lines => [.. lines[..at], .. lines[(at + 1)..]]), static finding => finding.Law is Law.Unbroken);
        }

        Assert.Contains(Triple.Good().Check(lines => [.. lines[..at], lines[at], .. lines[at..]]), static finding => finding.Law is Law.Unbroken);
        if (at < JournalLines.Count)
        {
            Assert.Contains(Triple.Good().Check(lines => [.. lines[..at], lines[at + 1], lines[at], .. lines[(at + 2)..]]), static finding => finding.Law is Law.Unbroken);
        }
    }

    [Theory]
    [MemberData(nameof(JournalLines))]
    public void Any_character_of_the_journal_that_is_changed_breaks_the_chain(int line) =>
        Assert.All([0.1, 0.5, 0.97], part => Assert.Contains(
            Triple.Good().Check(lines =>
            {
                var (text, at) = (lines[line + 1], (int)(lines[line + 1].Length * part));
                lines[line + 1] = text[..at] + (char)(text[at] ^ 1) + text[(at + 1)..];
                return lines;
            }),
            static finding => finding.Law is Law.Unbroken));

    [Theory]
    [MemberData(nameof(JournalLines))]
    public void Line_that_a_forger_takes_out_or_doubles_with_a_new_chain_is_found(int line)
    {
        var (missing, doubled) = (Triple.Good(), Triple.Good());
        var text = missing.Journal[line];
        missing.Journal.RemoveAt(line);
        doubled.Journal.Insert(line, text);
        if (text.Contains("audit.", StringComparison.Ordinal))
        {
            // What the journal says of itself is no request.
            return;
        }

        Law[] expected = text.Contains("\"begin\"", StringComparison.Ordinal) ? [Law.OneEnd, Law.NoAccessWithoutRecord, Law.OneBeginning]
            : text.Contains("\"end\"", StringComparison.Ordinal) ? [Law.OneEnd]
            : [Law.OneBeginning];
        Assert.Contains(missing.Check(), finding => expected.Contains(finding.Law));
        Assert.Contains(doubled.Check(), finding => expected.Contains(finding.Law));
    }

    [Theory]
    [InlineData(Law.NoAccessWithoutRecord, "journal", "\"kind\":\"begin\",\"mono\":3000,", "\"kind\":\"begin\",\"mono\":5000,")]
    [InlineData(Law.SameEnd, "journal", "\"rid\":\"R-served\",\"st\":200", "\"rid\":\"R-served\",\"st\":204")]
    [InlineData(Law.SameEnd, "client", "cut 200 cut", "cut 206 cut")]
    [InlineData(Law.SameEnd, "client", "served 200 whole d1", "served 200 whole d9")]
    [InlineData(Law.SameEnd, "upstream", "posted d2", "posted d9")]
    [InlineData(Law.SameEnd, "client", "served 200 whole d1", "served 200 cut -")]
    [InlineData(Law.SameEnd, "client", "cut 200 cut -", "cut 200 whole d4")]
    [InlineData(Law.SameEnd, "journal", "\"outcome\":\"truncated\"", "\"outcome\":\"ok\"")]
    [InlineData(Law.SameEnd, "journal", "\"rid\":\"R-served\",\"st\":200,\"outcome\":\"ok\"", "\"rid\":\"R-served\",\"st\":200,\"outcome\":\"client_aborted\"")]
    [InlineData(Law.SameEnd, "journal", "\"rid\":\"R-served\",\"st\":200,\"outcome\":\"ok\"", "\"rid\":\"R-served\",\"st\":200,\"outcome\":\"error\"")]
    [InlineData(Law.SameEnd, "journal", "\"outcome\":\"upstream_error\"", "\"outcome\":\"ok\"")]
    [InlineData(Law.SameAttempts, "upstream", "served GET", "denied GET")]
    [InlineData(Law.NoAccessWithoutRecord, "upstream", "served GET", "denied GET")]
    [InlineData(Law.NoAccessWithoutRecord, "upstream", "served GET", "throttled GET")]
    [InlineData(Law.NoAccessWithoutRecord, "upstream", "served GET", "malformed GET")]
    [InlineData(Law.SameAttempts, "upstream", "served GET", "nobody GET")]
    [InlineData(Law.SameAttempts, "upstream", "served GET", "served POST")]
    [InlineData(Law.OneBeginning, "journal", "\"rid\":\"R-served\",\"m\":\"GET\"", "\"rid\":\"R-served\",\"m\":\"PUT\"")]
    [InlineData(Law.OneBeginning, "journal", "\"x-test-id\":\"denied\"", "\"x-test-id\":\"nobody\"")]
    [InlineData(Law.OneBeginning, "journal", "\"x-test-id\":\"denied\"", "\"x-test-id\":\"throttled\"")]
    [InlineData(Law.OneEnd, "journal", "\"kind\":\"end\",\"mono\":6000,\"rid\":\"R-served\"", "\"kind\":\"end\",\"mono\":6000,\"rid\":\"R-posted\"")]
    [InlineData(Law.OneBeginning, "journal", "protocol_reject", "something")]
    [InlineData(Law.Form, "client", "served 200 whole", "served 200")]
    [InlineData(Law.Form, "client", "sent 2000 served", "sent soon served")]
    public void Word_that_contradicts_is_found_by_its_law(Law law, string log, string from, string to)
    {
        var triple = Triple.Good();
        var lines = log switch { "client" => triple.Clients, "upstream" => triple.Upstreams, _ => triple.Journal };
        var at = lines.FindIndex(line => line.Contains(from, StringComparison.Ordinal));
        Assert.True(at >= 0, string.Join('\n', lines));
        lines[at] = lines[at].Replace(from, to, StringComparison.Ordinal);

        Assert.Contains(triple.Check(), finding => finding.Law == law);
    }

    [Fact]
    public void Second_delivery_of_what_may_not_be_repeated_is_found()
    {
        var triple = Triple.Good();
        triple.Upstreams.Add(triple.Upstreams.Single(static line => line.Contains("posted POST", StringComparison.Ordinal)));
        var end = triple.Journal.FindIndex(static line => line.Contains("\"end\"", StringComparison.Ordinal) && line.Contains("R-posted", StringComparison.Ordinal));
        triple.Journal[end] = triple.Journal[end].Replace("\"att\":[", "\"att\":[{\"d\":\"b\",\"st\":500},", StringComparison.Ordinal);

        Assert.Contains(triple.Check(), static finding => finding is { Law: Law.SameAttempts, Id: "posted" });
    }

    [Fact]
    public void Loss_is_found() => Assert.Contains(With("audit.lost\",\"n\":3").Check(), static finding => finding.Law is Law.Unbroken);

    [Fact]
    public void End_that_is_missing_is_forgiven_where_the_process_was_killed_and_only_there()
    {
        var triple = Triple.Good();
        triple.Journal.RemoveAt(triple.Journal.FindIndex(static line => line.Contains("\"end\"", StringComparison.Ordinal)));
        Assert.Contains(triple.Check(), static finding => finding.Law is Law.OneEnd);

        triple.Journal.RemoveAt(triple.Journal.Count - 1);
        Assert.Empty(triple.Check());
    }

    [Fact]
    public void Beginning_that_is_missing_is_not_forgiven_where_the_process_was_killed()
    {
        var triple = Triple.Good();
        triple.Journal.RemoveAt(triple.Journal.Count - 1);
        triple.Journal.RemoveAll(static line => line.Contains("R-served", StringComparison.Ordinal) || line.Contains("R-denied", StringComparison.Ordinal));

        Assert.Equal([Law.OneBeginning, Law.NoAccessWithoutRecord], triple.Check().Select(static finding => finding.Law).Order());
    }

    [Theory]
    [InlineData(0, 3.0)]
    [InlineData(100, 0.03)]
    [InlineData(1_000_000, 0.000003)]
    public void Zero_in_so_many_trials_bounds_the_rate(long trials, double bound) =>
        Assert.Equal(bound, double.Parse(Verdict.Bound(trials), System.Globalization.CultureInfo.InvariantCulture), 6);

    private static Triple With(string named)
    {
        var triple = Triple.Good();
        triple.Journal.Insert(1, $"{{\"v\":1,\"kind\":\"event\",\"event\":\"{named}");
        return triple;
    }
}
