using GatewayKit.Auditing.Reading;

namespace GatewayKit.Tests.Auditing.Reading;

public sealed class QueryTests : JournalTest
{
    private const string Pseudonym = "2026.AAAAAAAAAAAAAAAAAAAAAA";

    [Fact]
    public async Task Beginning_and_end_are_one_entry()
    {
        Builder.StartBoot().Request("orders", "acme", 200, "ok", "r1").Stop();
        var entry = Assert.Single(await AllAsync(new()));
        Assert.Equal(("eu1", Builder.Boot, "r1", "orders", "acme", 200, "ok"), (entry.Instance, entry.Boot, entry.RequestId, entry.Route, entry.Consumer, entry.Status, entry.Outcome));
        Assert.Equal((1, 2), (entry.Begin!.Sequence, entry.End!.Sequence));
        Assert.Equal(TimeSpan.FromMicroseconds(1834), entry.Duration);
        Assert.Equal("192.0.2.1", entry.Text("src"));
        Assert.Null(entry.Event);
    }

    [Fact]
    public async Task Each_filter_leaves_what_it_names()
    {
        Builder.StartBoot().Request("orders", "acme", 200, "ok", "r1", "t1").Request("stock", "acme", 403, "denied", "r2").Request("orders", "zoe \"q\" <é>", 200, "ok", "r3", "t2").Begin("r4").Stop();
        Assert.Equal(["r1", "r2", "r4"], await IdsAsync(new() { Consumer = "acme" }));
        Assert.Equal(["r2"], await IdsAsync(new() { Route = "stock" }));
        Assert.Equal(["r2"], await IdsAsync(new() { Outcome = "denied" }));
        Assert.Equal(["r4"], await IdsAsync(new() { Outcome = "unknown" }));
        Assert.Equal(["r3"], await IdsAsync(new() { RequestId = "r3" }));
        Assert.Equal(["r1"], await IdsAsync(new() { Tenant = "t1" }));
        Assert.Equal(["r1", "r2", "r3", "r4"], await IdsAsync(new() { Instance = "eu1" }));
        Assert.Empty(await IdsAsync(new() { Consumer = "acme", Route = "orders", Outcome = "denied" }));
    }

    [Fact]
    public async Task Consumer_is_found_by_every_name_that_records_have_it_by()
    {
        Builder.StartBoot().Request(consumer: "acme", id: "plain").Request(consumer: Pseudonym, id: "pseudonym").Request(consumer: "other", id: "other");
        Builder.Line(Begin("encrypted", ",\"pk\":\"k1\"")).Line(Begin("somebody-else", ",\"pk\":\"k2\"")).Line(Begin("nobody", string.Empty)).Event("audit.read").Stop();
        Assert.Equal(["plain", "pseudonym", "encrypted"], await IdsAsync(new() { Subjects = ["acme", Pseudonym, "k1"], IncludeEvents = true }));
        Assert.Equal(["plain", "encrypted"], await IdsAsync(new() { Consumer = "acme", Subjects = ["k1"] }));
        Assert.Equal(["encrypted"], await IdsAsync(new() { Subjects = ["k1"], Route = "orders" }));
        Assert.Empty(await IdsAsync(new() { Subjects = ["k1"], Outcome = "denied" }));
    }

    [Theory]
    [InlineData(Pseudonym, "", true)]
    [InlineData(null, ",\"pk\":\"k1\"", true)]
    [InlineData("zoe", ",\"pk\":\"k1\"", false)]
    [InlineData("2026.short", "", false)]
    [InlineData(null, "", false)]
    public async Task Page_says_whether_somebody_was_passed_over_whom_it_could_not_name(string? consumer, string rest, bool isConcealed)
    {
        Builder.StartBoot().Request(consumer: "acme").Line(Begin("r2", (consumer is null ? string.Empty : $",\"sub\":\"{consumer}\"") + rest)).Stop();
        var log = new AuditLog(Directory);
        Assert.Equal(isConcealed, (await log.QueryAsync(new() { Consumer = "acme" })).HasConcealed);
        Assert.Equal(isConcealed, (await log.ExportAsync(new() { Consumer = "acme" }, AuditExportFormat.Csv, Stream.Null)).HasConcealed);
        Assert.False((await log.QueryAsync(new() { Subjects = ["acme"] })).HasConcealed);
        Assert.False((await log.QueryAsync(new())).HasConcealed);
        Assert.False((await log.QueryAsync(new() { Consumer = "acme", Route = "stock" })).HasConcealed);
    }

    [Fact]
    public async Task Consumer_whose_id_records_cut_is_found()
    {
        var id = new string('c', 300);
        Builder.StartBoot().Request("orders", $"{id[..256]}\\u2026#300", 200, "ok", "r1").Request("orders", $"{id[..256]}\\u2026#301", 200, "ok", "r2").Stop();
        Assert.Equal(["r1"], await IdsAsync(new() { Consumer = id }));
        Assert.Equal(["r1"], await IdsAsync(new() { Consumer = $"{id[..256]}\u2026#300" }));
    }

    [Fact]
    public async Task Text_in_a_value_is_no_member()
    {
        Builder.StartBoot().Line("""{"v":1,"kind":"begin","rid":"r1","ts":"2026-03-01T12:00:00Z","path":"/,\"sub\":\"root\"","sub":"acme" """.TrimEnd()).Stop();
        Assert.Empty(await IdsAsync(new() { Consumer = "root" }));
        Assert.Equal(["r1"], await IdsAsync(new() { Consumer = "acme" }));
    }

    [Fact]
    public async Task Time_is_that_of_the_beginning()
    {
        Builder.StartBoot().Begin("r1").Begin("r2");
        var between = Builder.Time;
        Builder.Begin("r3").End("r1").End("r2").End("r3").Stop();
        Assert.Equal(["r1", "r2"], await IdsAsync(new() { To = between.AddTicks(1) }));
        Assert.Equal(["r2", "r3"], await IdsAsync(new() { From = between }));
        Assert.Empty(await IdsAsync(new() { From = between.AddHours(1) }));
    }

    [Fact]
    public async Task Segments_far_outside_of_the_time_are_not_needed()
    {
        Builder.StartBoot().Begin("early");
        Builder.Time += TimeSpan.FromHours(6);
        Builder.Rotate().Request(id: "middle");
        var (from, to) = (Builder.Time.AddHours(-1), Builder.Time.AddHours(1));
        Builder.Time += TimeSpan.FromHours(6);
        Builder.Rotate().End("early").Request(id: "late").Stop();
        Assert.Equal(["middle"], await IdsAsync(new() { From = from, To = to }));
        Assert.Equal(["middle", "early", "late"], await IdsAsync(new()));
        Assert.Equal(["early"], await IdsAsync(new() { To = from }));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(100)]
    public async Task Pages_have_every_entry_once(int size)
    {
        for (var boot = 0; boot < 2; boot++)
        {
            Builder.StartBoot().Begin($"{boot}-long").Begin($"{boot}-lost");
            Requests(5).Rotate();
            Builder.Begin($"{boot}-lost-too");
            Requests(5).Rotate().End($"{boot}-long");
            Requests(5).Stop(compress: boot is 0);
        }

        using var other = new JournalBuilder(Directory, "eu2", Key);
        other.StartBoot().Request(id: "of-eu2").Stop();
        var all = await IdsAsync(new() { PageSize = 10_000 });
        Assert.Equal(37, all.Distinct().Count());
        Assert.Equal(all, await IdsAsync(new() { PageSize = size }));
        Assert.Equal(await IdsAsync(new() { Outcome = "unknown" }), await IdsAsync(new() { PageSize = size, Outcome = "unknown" }));
    }

    // Ends whose beginnings retention took, and requests that are under way for long and are not asked for.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    public async Task Pages_together_are_what_one_page_would_be(int size)
    {
        Builder.StartBoot().End("lone-1").Begin("long", "stock", "zoe");
        Requests(3).End("lone-2").End("lone-2").Rotate().End("lone-3").Begin("late", "orders", "zoe");
        Requests(3).Rotate();
        Requests(2).End("late", 403, "denied").End("lone-4", 403, "denied").Rotate();
        Requests(2).End("long").End("lone-5").Begin("lost").Stop();
        Builder.StartBoot().End("lone-6");
        Requests(2).Stop();
        AuditQuery[] queries =
        [
            new(), new() { IncludeEvents = true }, new() { Consumer = "acme" }, new() { Consumer = "zoe" }, new() { Route = "orders" }, new() { Outcome = "ok" }, new() { Outcome = "denied" },
            new() { Outcome = "unknown" }, new() { From = Builder.Time.AddMilliseconds(-150) }, new() { To = Builder.Time.AddMilliseconds(-150) },
        ];
        foreach (var query in queries)
        {
            var all = await PlacesAsync(query with { PageSize = 10_000 });
            Assert.NotEmpty(all);
            Assert.Equal(all, await PlacesAsync(query with { PageSize = size }));
        }

        async Task<IEnumerable<string>> PlacesAsync(AuditQuery query) => (await AllAsync(query)).Select(static entry => $"{entry.Boot} {entry.Begin?.Sequence} {entry.End?.Sequence}");
    }

    [Fact]
    public async Task Page_goes_on_behind_a_boot_or_an_instance_that_was_deleted_meanwhile()
    {
        Builder.StartBoot().Request(id: "r1").Stop();
        var first = Builder.BootFolder;
        Builder.StartBoot().Request(id: "r2").Request(id: "r3").Stop();
        using var other = new JournalBuilder(Directory, "eu2", Key);
        other.StartBoot().Request(id: "r4").Stop();
        var log = new AuditLog(Directory);
        var page = await log.QueryAsync(new() { PageSize = 1 });
        System.IO.Directory.Delete(first, recursive: true);
        Assert.Equal(["r2", "r3", "r4"], (await log.QueryAsync(new() { Cursor = page.Next })).Entries.Select(static entry => entry.RequestId));
        System.IO.Directory.Delete(Path.Combine(Directory, "eu1"), recursive: true);
        Assert.Equal(["r4"], (await log.QueryAsync(new() { Cursor = page.Next })).Entries.Select(static entry => entry.RequestId));
    }

    [Fact]
    public async Task What_cannot_be_answered_is_an_error_that_says_what_there_is()
    {
        Builder.StartBoot().Request(id: "r1").Stop();
        var at = Builder.Time;
        (AuditQuery Query, string Message)[] wrong =
        [
            (new() { Outcome = "Denied" }, "Outcome is 'Denied'; it must be one of ok, denied, throttled, unmatched, upstream_error, timeout, truncated, client_aborted, error, unknown."),
            (new() { Outcome = "" }, "Outcome is ''; it must be one of ok, "),
            (new() { From = at, To = at.AddTicks(-1) }, $"From is {at.UtcDateTime:O}, behind To, which is {at.AddTicks(-1).UtcDateTime:O}: "),
            (new() { Instance = "eu2" }, "Instance is 'eu2', which the journal does not have; it has eu1."),
        ];
        var log = new AuditLog(Directory);
        foreach (var (query, message) in wrong)
        {
            Assert.StartsWith(message, (await Assert.ThrowsAsync<ArgumentException>(() => log.QueryAsync(query))).Message, StringComparison.Ordinal);
            Assert.StartsWith(message, (await Assert.ThrowsAsync<ArgumentException>(() => log.ExportAsync(query, AuditExportFormat.Csv, Stream.Null))).Message, StringComparison.Ordinal);
            await Assert.ThrowsAsync<ArgumentException>(() => log.ProveAsync(query));
        }

        Assert.Empty((await log.QueryAsync(new() { From = at, To = at })).Entries);
    }

    [Fact]
    public async Task Access_that_is_not_there_cannot_be_proved_and_is_told_from_one_that_no_checkpoint_covers_yet()
    {
        Builder.StartBoot().Request(id: "r1").Flush();
        var log = new AuditLog(Directory);
        Assert.Contains("'r2'", (await Assert.ThrowsAsync<KeyNotFoundException>(() => log.ProveAsync(new() { RequestId = "r2" }))).Message, StringComparison.Ordinal);
        Assert.Empty(await log.ProveAsync(new() { RequestId = "r1" }));
    }

    [Fact]
    public async Task Line_that_was_written_twice_counts_once_and_one_that_was_taken_back_not_at_all()
    {
        Builder.StartBoot().Begin("twice").Begin("twice").Begin("void").End("twice").End("twice").Event("audit.void", $",\"seqs\":[3]").Stop();
        Assert.Equal(["twice", "twice"], await IdsAsync(new()));
        Assert.Equal(["twice"], (await AllAsync(new())).Where(static entry => entry.Begin is not null).Select(static entry => entry.RequestId));
    }

    [Fact]
    public async Task Events_are_told_if_asked_for()
    {
        Builder.StartBoot().Event("audit.started").Request(id: "r1").Event("audit.stopped").Stop();
        Assert.Equal(["audit.started", "r1", "audit.stopped"], (await AllAsync(new() { IncludeEvents = true })).Select(static entry => entry.Event ?? entry.RequestId));
        Assert.Equal(["r1"], (await AllAsync(new() { IncludeEvents = true, Route = "orders" })).Select(static entry => entry.Event ?? entry.RequestId));
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("eu1:0:1:e1")]
    [InlineData("eu1:0f8fad5bd9cb469fa16570867728950e:1:1")]
    [InlineData("eu1:0f8fad5bd9cb469fa16570867728950e:-1:e1")]
    public async Task Cursor_that_is_none_is_an_error(string cursor) =>
        await Assert.ThrowsAsync<FormatException>(() => new AuditLog(Directory).QueryAsync(new() { Cursor = cursor }));

    [Theory]
    [InlineData(0)]
    [InlineData(10_001)]
    public async Task Size_of_a_page_has_limits(int size) =>
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => new AuditLog(Directory).QueryAsync(new() { PageSize = size }));

    [Fact]
    public async Task Reading_is_recorded_with_what_was_asked_for()
    {
        Builder.StartBoot();
        Requests(3).Stop();
        await using (var reader = AuditReader.Open(Directory, "cli-alice"))
        {
            await reader.Log.QueryAsync(new() { Consumer = "acme", PageSize = 2 });
            await reader.Log.ExportAsync(new() { Route = "orders" }, AuditExportFormat.Csv, Stream.Null);
        }

        var events = (await AllAsync(new() { Instance = "cli-alice", IncludeEvents = true })).Where(static entry => entry.Event is "audit.read" or "audit.exported").ToArray();
        Assert.Equal(["audit.read", "audit.exported", "audit.exported"], events.Select(static entry => entry.Event));
        Assert.All(events, static entry => Assert.Equal("cli-alice", entry.Text("reader")));
        Assert.Equal([2, null, 3], events.Select(static entry => entry.Number("count")));
        Assert.Contains("\"filter\":{\"sub\":null}", events[0].Begin!.Text, StringComparison.Ordinal);
        Assert.Contains("\"filter\":{\"route\":\"orders\"},\"format\":\"Csv\"", events[1].Begin!.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("a/b")]
    public void Name_of_a_reader_is_one_for_a_folder(string name) => Assert.Throws<ArgumentException>(() => AuditReader.Open(Directory, name));

    [Fact]
    public async Task What_cannot_be_recorded_is_not_read()
    {
        var log = new AuditLog(Directory, null, new ReadRecorder(static () => null, null));
        await Assert.ThrowsAsync<IOException>(() => log.QueryAsync(new()));
        var output = new MemoryStream();
        await Assert.ThrowsAsync<IOException>(() => log.ExportAsync(new(), AuditExportFormat.Csv, output));
        Assert.Equal(0, output.Length);
    }

    private string Begin(string id, string rest) => $$"""{"v":1,"kind":"begin","rid":"{{id}}","ts":"{{Builder.Time:O}}","route":"orders"{{rest}}""";

    private async Task<IEnumerable<string?>> IdsAsync(AuditQuery query) => (await AllAsync(query)).Select(static entry => entry.RequestId);

    private async Task<List<AuditEntry>> AllAsync(AuditQuery query)
    {
        var (log, entries) = (new AuditLog(Directory), new List<AuditEntry>());
        for (var page = await log.QueryAsync(query); ; page = await log.QueryAsync(query with { Cursor = page.Next }))
        {
            entries.AddRange(page.Entries);
            if (page.Next is null)
            {
                return entries;
            }

            Assert.Equal(query.PageSize, page.Entries.Count);
        }
    }
}
