using System.Text.Json;
using GatewayKit.Auditing;
using GatewayKit.Auditing.Custody;
using GatewayKit.Auditing.Personal;
using GatewayKit.Auditing.Reading;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.FunctionalTests.Auditing.Personal;

/// <summary>What is kept, what is held, and what is erased, by a gateway that runs.</summary>
public sealed class CustodyTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("gatewaykit-custody-");
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow.AddDays(-1_000));
    private readonly Guard _guard = new();
    private readonly SetClock _clock;

    public CustodyTests() => _clock = new(_time);

    private string Journal => Path.Combine(_directory.FullName, "audit");

    public void Dispose()
    {
        foreach (var file in _directory.EnumerateFiles("*", SearchOption.AllDirectories))
        {
            file.IsReadOnly = false;
        }

        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task Old_boot_is_deleted_and_the_journal_says_what_it_was()
    {
        await RunAsync("acme", "other");
        var (boot, segment) = OnlySegment();
        var lines = await File.ReadAllLinesAsync(segment);
        _time.Advance(TimeSpan.FromDays(399));
        await RunAsync(static custody => Expect(custody, 0, AuditPruningStop.Retention));
        _time.Advance(TimeSpan.FromDays(2));
        await RunAsync(static custody => Expect(custody, 1, AuditPruningStop.Retention));

        Assert.False(Directory.Exists(Path.GetDirectoryName(segment)));
        var retention = Assert.Single(Events("audit.retention"));
        var (first, last) = (JsonElement.Parse(lines[0]), JsonElement.Parse(lines[^1]));
        Assert.Equal((boot, 1, 1, lines.Length), (retention.GetProperty("prunedBoot").GetGuid(), retention.GetProperty("prunedFrom").GetInt32(), retention.GetProperty("prunedTo").GetInt32(), retention.GetProperty("count").GetInt32()));
        Assert.Equal((first.GetProperty("seq").GetInt64(), last.GetProperty("seq").GetInt64()), (retention.GetProperty("firstSeq").GetInt64(), retention.GetProperty("lastSeq").GetInt64()));
        Assert.Equal(last.GetProperty("h").GetString(), retention.GetProperty("lastHash").GetString());
        Assert.NotEmpty(retention.GetProperty("lastRoot").GetString()!);
    }

    [Fact]
    public async Task Segment_that_somebody_has_to_have_stays_until_they_do()
    {
        await RunAsync("acme");
        _time.Advance(TimeSpan.FromDays(401));
        foreach (var (answer, expected) in new[] { ((bool?)false, 0), (null, 0), (true, 1) })
        {
            _guard.Answer = answer;
            await RunAsync(custody => Expect(custody, expected, expected is 0 ? AuditPruningStop.Guard : AuditPruningStop.Retention));
        }

        Assert.Equal((OneInstance(), 1), (_guard.Asked.Instance, _guard.Asked.Segment));
    }

    [Theory]
    [InlineData("acme", null, null, true)]
    [InlineData("nobody", null, null, false)]
    [InlineData(null, "orders", null, true)]
    [InlineData(null, "other", null, false)]
    [InlineData(null, null, 10, true)]
    [InlineData(null, null, -10, false)]
    [InlineData("acme", "other", null, false)]
    [InlineData(null, null, null, true)]
    public async Task Hold_keeps_what_it_touches_until_it_is_released(string? subject, string? route, int? daysAfter, bool touches)
    {
        var hold = new AuditHold { Subjects = subject is null ? [] : [subject], Route = route, To = daysAfter is { } days ? _time.GetUtcNow().AddDays(days) : null, Reason = "case 7" };
        await RunAsync("acme");
        _time.Advance(TimeSpan.FromDays(401));
        await RunAsync(async custody =>
        {
            var set = await custody.HoldAsync(hold, "counsel");
            Assert.Equal(hold with { Id = set.Id, SetAt = set.SetAt }, Assert.Single(custody.Holds));
            await Expect(custody, touches ? 0 : 1, touches ? AuditPruningStop.Hold : AuditPruningStop.Newest);
            Assert.True(await custody.ReleaseAsync(set.Id, "counsel"));
            Assert.False(await custody.ReleaseAsync(set.Id, "counsel"));
            Assert.False(await custody.ReleaseAsync("../../etc", "counsel"));
            await Expect(custody, touches ? 1 : 0, AuditPruningStop.Newest);
        });
        Assert.Equal("case 7", Assert.Single(Events("hold.set")).GetProperty("reason").GetString());
        Assert.Equal("counsel", Assert.Single(Events("hold.released")).GetProperty("actor").GetString());
    }

    // Records show 256 characters of it.
    [Theory]
    [InlineData(256)]
    [InlineData(300)]
    public async Task Hold_keeps_what_it_touches_of_a_consumer_with_a_long_id(int length)
    {
        var id = new string('c', length);
        await RunAsync(id);
        _time.Advance(TimeSpan.FromDays(401));
        await RunAsync(async custody =>
        {
            var sub = (await new AuditLog(Journal).QueryAsync(new() { Consumer = id })).Entries[0].Consumer!;
            foreach (var name in (string[])[id, sub])
            {
                var hold = await custody.HoldAsync(new() { Subjects = [name] }, "counsel");
                await Expect(custody, 0, AuditPruningStop.Hold);
                Assert.Equal([hold.Id], (await custody.EraseAsync(id, "privacy")).Holds);
                Assert.True(await custody.ReleaseAsync(hold.Id, "counsel"));
            }
        });
    }

    [Fact]
    public async Task Hold_that_is_set_while_a_segment_is_looked_at_counts()
    {
        await RunAsync("acme");
        _time.Advance(TimeSpan.FromDays(401));
        await RunAsync(async custody =>
        {
            // By another process, which knows nothing of this one.
            _guard.OnAsked = () => new AuditHolds(AuditHolds.In(Journal)).Add(new() { Id = $"{Guid.NewGuid():N}", Route = "orders" });
            await Expect(custody, 0, AuditPruningStop.Hold);
        });
        Assert.Empty(Events("audit.retention"));
        Assert.Contains("\"route\":\"orders\"", string.Concat(Directory.GetFiles(Journal, "*.gkal", SearchOption.AllDirectories).Select(File.ReadAllText)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hold_does_not_wait_until_what_it_touches_is_deleted()
    {
        await RunAsync("acme");
        _time.Advance(TimeSpan.FromDays(401));
        await RunAsync(async custody =>
        {
            var holding = Task.FromResult(new AuditHold());
            _guard.OnAsked = () => holding = custody.HoldAsync(new() { Route = "orders" }, "counsel");
            await Expect(custody, 0, AuditPruningStop.Hold);
            Assert.Equal((await holding).Id, Assert.Single(custody.Holds).Id);
        });
        Assert.Empty(Events("audit.retention"));
    }

    [Fact]
    public async Task Hold_goes_where_the_journal_goes_and_is_no_foreign_file()
    {
        await RunAsync(static custody => custody.HoldAsync(new() { Route = "orders" }, "counsel"), "acme");
        Assert.True((await new AuditLog(Journal).VerifyAsync()).IsIntact);
        var elsewhere = Path.Combine(_directory.FullName, "volume");
        Directory.Move(Journal, elsewhere);
        Directory.CreateSymbolicLink(Journal, elsewhere);
        _time.Advance(TimeSpan.FromDays(401));
        await RunAsync(static custody => Expect(custody, 0, AuditPruningStop.Hold));
    }

    [Fact]
    public async Task Clock_that_is_set_far_ahead_deletes_nothing()
    {
        await RunAsync("acme");
        _time.Advance(TimeSpan.FromMinutes(1));
        await RunAsync(async custody =>
        {
            _clock.Ahead = TimeSpan.FromDays(500);
            await Expect(custody, 0, AuditPruningStop.Clock);
            _clock.Ahead = TimeSpan.FromHours(-1);
            await Expect(custody, 0, AuditPruningStop.Retention);
        });
        Assert.Equal(2, Directory.GetFiles(Journal, "*.gkal", SearchOption.AllDirectories).Length);
    }

    [Fact]
    public async Task Preview_tells_what_would_go_and_deletes_nothing()
    {
        await RunAsync("acme");
        _time.Advance(TimeSpan.FromDays(401));
        await RunAsync(static async custody =>
        {
            var preview = await custody.PreviewAsync();
            Assert.Equal((1, AuditPruningStop.Newest), (preview.Segments, preview.Stop));
            Assert.Equal(preview, await custody.PruneAsync());
            Assert.Equal(new AuditPruning(0, 0, AuditPruningStop.Newest), await custody.PreviewAsync());
        });
    }

    [Theory]
    [InlineData("{\"From\":")]
    [InlineData("null")]
    [InlineData("{\"Route\":\"other\"}")]
    public async Task Hold_that_cannot_be_read_holds_everything(string text)
    {
        await RunAsync("acme");
        _time.Advance(TimeSpan.FromDays(401));
        Directory.CreateDirectory(AuditHolds.In(Journal));
        await File.WriteAllTextAsync(Path.Combine(AuditHolds.In(Journal), $"{Guid.NewGuid():N}.hold"), text);
        await RunAsync(static custody => Expect(custody, 0, AuditPruningStop.Hold));
    }

    [Fact]
    public async Task Erased_person_is_read_by_nobody_and_a_hold_is_stronger()
    {
        string key = string.Empty;
        await RunAsync(
            async custody =>
            {
                key = Assert.Single((await custody.SubjectsOfAsync("canary-acme")), static name => name is not "canary-acme");
                var hold = await custody.HoldAsync(new() { Subjects = await custody.SubjectsOfAsync("canary-acme") }, "counsel");
                var refused = await custody.EraseAsync("canary-acme", "privacy");
                Assert.False(refused.IsErased);
                Assert.Equal([hold.Id], refused.Holds);
                Assert.NotNull(await ReadAsync());
                Assert.True(await custody.ReleaseAsync(hold.Id, "counsel"));
                var erased = await custody.EraseAsync("canary-acme", "privacy");
                Assert.True(erased.IsErased);
                Assert.Equal([key], erased.Keys);
                Assert.Null(await ReadAsync());
            },
            "canary-acme");
        Assert.Equal(key, Assert.Single(Assert.Single(Events("audit.erased")).GetProperty("keys").EnumerateArray()).GetString());
        Assert.Single(Assert.Single(Events("audit.erasure_refused")).GetProperty("holds").EnumerateArray());
        Assert.DoesNotContain("canary", string.Concat(_directory.EnumerateFiles("*", SearchOption.AllDirectories).Select(static file => File.ReadAllText(file.FullName))), StringComparison.Ordinal);
        var report = await new AuditLog(Journal).VerifyAsync(new() { MostUnsigned = TimeSpan.FromDays(1) });
        Assert.True(report.IsIntact, string.Join('\n', report.Findings));
    }

    private async Task<string?> ReadAsync()
    {
        var entry = (await new AuditLog(Journal).QueryAsync(new() { IncludeEvents = false })).Entries[0];
        return await new AuditPersonalData(new FileAuditKeyStore(Path.Combine(_directory.FullName, "keys"))).ReadAsync(entry.Begin!.Text, entry.Boot);
    }

    private static async Task Expect(AuditCustody custody, int segments, AuditPruningStop stop)
    {
        var pruning = await custody.PruneAsync();
        Assert.Equal((segments, segments is 0 ? AuditPruningStop.Newest : stop), (pruning.Segments, segments is 0 ? AuditPruningStop.Newest : pruning.Stop));
        Assert.True(segments > 0 || pruning.Stop == stop, pruning.Stop.ToString());
    }

    private Task RunAsync(params string[] callers) => RunAsync(static _ => Task.CompletedTask, callers);

    private async Task RunAsync(Func<AuditCustody, Task> act, params string[] callers)
    {
        // Boots follow one another in time too.
        _time.Advance(TimeSpan.FromMinutes(1));
        await using var gateway = await TestHost.StartAsync(
            builder =>
            {
                builder.Services.AddSingleton<TimeProvider>(_clock);
                builder.Services.AddSingleton<IAuditSegmentGuard>(_guard);
                builder.Services.AddApiGateway();
                builder.Services.Configure<GatewayOptions>(options => options.Journal = new()
                {
                    Directory = Journal,
                    Personal = new() { Encrypted = [PersonalField.Address, PersonalField.UserAgent, .. callers is ["canary-acme"] ? [PersonalField.Consumer] : Array.Empty<PersonalField>()], KeyDirectory = Path.Combine(_directory.FullName, "keys") },
                });
            },
            static app =>
            {
                app.Use(static (context, next) =>
                {
                    context.Features.Set(new GatewayConsumer(context.Request.Headers["X-Who"]!));
                    return next(context);
                });
                app.MapGet("/{**rest}", static () => "served").WithName("orders").WithAuditing();
            });
        foreach (var caller in callers)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/a") { Headers = { { "X-Who", caller } } };
            using var answer = await gateway.Client.SendAsync(request);
            Assert.True(answer.IsSuccessStatusCode);
        }

        await act(gateway.App.Services.GetRequiredService<AuditCustody>());
    }

    private string OneInstance() => Path.GetFileName(Assert.Single(Directory.GetDirectories(Journal)));

    private (Guid Boot, string Path) OnlySegment()
    {
        var path = Assert.Single(Directory.GetFiles(Journal, "*.gkal", SearchOption.AllDirectories));
        return (Guid.Parse(Path.GetFileName(Path.GetDirectoryName(path))!), path);
    }

    private IEnumerable<JsonElement> Events(string name) =>
        Directory.GetFiles(Journal, "*.gkal", SearchOption.AllDirectories).SelectMany(File.ReadAllLines).Select(static line => JsonElement.Parse(line))
            .Where(line => line.TryGetProperty("event", out var value) && value.GetString() == name);

    // A wall clock that somebody sets: what has elapsed stays what it is.
    private sealed class SetClock(TimeProvider inner) : TimeProvider
    {
        public TimeSpan Ahead { get; set; }

        public override long TimestampFrequency => inner.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => inner.GetUtcNow() + Ahead;

        public override long GetTimestamp() => inner.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => inner.CreateTimer(callback, state, dueTime, period);
    }

    private sealed class Guard : IAuditSegmentGuard
    {
        public bool? Answer { get; set; } = true;

        public Action? OnAsked { get; set; }

        public (string Instance, Guid Boot, int Segment) Asked { get; private set; }

        public bool MayDelete(string instance, Guid boot, int segment)
        {
            Asked = (instance, boot, segment);
            OnAsked?.Invoke();
            OnAsked = null;
            return Answer ?? throw new IOException("down");
        }
    }
}
