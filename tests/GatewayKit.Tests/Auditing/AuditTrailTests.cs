using System.Security.Cryptography;
using System.Text.Json;
using GatewayKit.Auditing;
using GatewayKit.Auditing.Journal;
using GatewayKit.Auditing.Personal;
using GatewayKit.Pipeline;
using GatewayKit.Tests.Auditing.Journal;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace GatewayKit.Tests.Auditing;

public sealed class AuditTrailTests : IDisposable
{
    private readonly JournalFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // As tests and tools do. What signs the last checkpoint is a service too, and has to be there for it.
    [Fact]
    public async Task Host_that_is_disposed_without_being_stopped_closes_its_journal_and_signs_it_to_its_end()
    {
        var anchor = new ListAnchor();
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<IAuditSigner, OwnedSigner>().AddSingleton<IAuditAnchor>(_ => anchor);
        builder.Services.AddApiGateway().Services.Configure<GatewayOptions>(options => options.Journal = new() { Directory = _folder.Root, Instance = "one" });
        await using (var app = builder.Build())
        {
            await app.StartAsync(TestContext.Current.CancellationToken);
        }

        var lines = _folder.Lines();
        Assert.Equal("audit.stopped", lines[^1].GetProperty("event").GetString());
        Assert.Equal(lines[^1].GetProperty("seq").GetInt64(), anchor.Checkpoints[^1].Sequence);
        await _folder.Open().DisposeAsync();
    }

    [Fact]
    public void Services_that_are_disposed_at_once_close_the_journal()
    {
        using (var services = new ServiceCollection().AddSingleton(static _ => new AuditTrail(new(), TimeProvider.System, static () => 1)).BuildServiceProvider())
        {
            services.GetRequiredService<AuditTrail>().Open(_folder.Open(), PersonalData.Plain);
        }

        Assert.Single(_folder.EventsOf("audit.stopped"));
    }

    [Fact]
    public async Task End_that_cannot_be_described_is_recorded_all_the_same_and_gives_its_room_back()
    {
        var fields = new BrokenFields();
        var (trail, request) = Arrive(fields);
        await using var _ = trail;
        request.Enter(null!, new AuditedEndpoint(new() { Delivery = AuditDelivery.Guaranteed }, EndpointOf()));
        Assert.True(await request.BeginAsync());
        Assert.Equal(1, trail.Journal!.InFlight);
        fields.IsBroken = true;
        Assert.Throws<InvalidOperationException>(request.End);

        await trail.CloseAsync();
        var lines = Requests();
        Assert.Equal(["begin", "end"], lines.Select(static line => line.GetProperty("kind").GetString()));
        Assert.Equal(lines[0].GetProperty("rid").GetString(), lines[1].GetProperty("rid").GetString());
        Assert.True(lines[1].GetProperty("cut").GetBoolean());
        Assert.Equal(0, trail.Journal.InFlight);
    }

    [Theory]
    [InlineData(AuditDelivery.Guaranteed)]
    [InlineData(AuditDelivery.BestEffort)]
    public async Task Request_whose_beginning_cannot_be_described_is_recorded_all_the_same_and_goes_on_only_where_it_would_without_a_record(AuditDelivery delivery)
    {
        var (trail, request) = Arrive(new() { IsBroken = true });
        await using var _ = trail;
        request.Enter(null!, new AuditedEndpoint(new() { Delivery = delivery, RequestHeaders = ["X-A"] }, EndpointOf()));
        if (delivery is AuditDelivery.BestEffort)
        {
            Assert.True(await request.BeginAsync());
        }
        else
        {
            await Assert.ThrowsAsync<InvalidOperationException>(() => request.BeginAsync().AsTask());
        }

        Assert.Throws<InvalidOperationException>(request.End);
        await trail.CloseAsync();
        var lines = Requests();
        Assert.Equal(["begin", "end"], lines.Select(static line => line.GetProperty("kind").GetString()));
        Assert.Equal((JsonValueKind.String, true), (lines[0].GetProperty("route").ValueKind, lines[0].GetProperty("cut").GetBoolean()));
        Assert.Equal(0, trail.Journal!.InFlight);
    }

    [Theory]
    [InlineData(PolicyMode.Enforce, AuditDelivery.Guaranteed, false)]
    [InlineData(PolicyMode.Enforce, AuditDelivery.BestEffort, true)]
    [InlineData(PolicyMode.Shadow, AuditDelivery.Guaranteed, true)]
    public async Task Request_that_was_refused_for_want_of_a_record_is_refused_again(PolicyMode mode, AuditDelivery delivery, bool isServed)
    {
        var (trail, request) = Arrive(new());
        await using var _ = trail;
        await trail.CloseAsync();
        var policy = new AuditPolicy { Mode = mode, Delivery = delivery };
        var context = new GatewayContext(request.HttpContext, new(EndpointOf(), [new("Audit", policy)]));
        request.Enter(context, new AuditedEndpoint(policy, EndpointOf()));
        context.KeepRecord(request, policy);
        var gate = ((IAccessGateFactory)new AuditFilterFactory(trail)).CreateGate(policy, static _ => new("served"));
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal((isServed, false), (await gate(context) is "served", request.IsRecorded));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Gate_of_a_page_lets_nobody_in_without_the_record_that_it_asks_for_though_the_request_was_for_less(bool isLate)
    {
        var keys = new LateKeys();
        var trail = new AuditTrail(new(), TimeProvider.System, static () => 1);
        await using var _ = trail;
        trail.Open(_folder.Open(), isLate ? PersonalData.Open(new() { Encrypted = [PersonalField.Consumer] }, null!, () => new DataKeys(keys, TimeProvider.System, NullLogger.Instance)) : PersonalData.Plain);
        await trail.CloseAsync();
        var request = trail.RecordOf(new DefaultHttpContext());
        request.Enter(null!, new AuditedEndpoint(new() { Delivery = AuditDelivery.BestEffort }, EndpointOf()));
        var page = new AuditPolicy { Delivery = AuditDelivery.Guaranteed };
        var context = new GatewayContext(request.HttpContext, new(EndpointOf(), [new("Audit", page)]));
        context.KeepRecord(request, page);
        var passing = ((IAccessGateFactory)new AuditFilterFactory(trail)).CreateGate(page, static _ => new("served"))(context).AsTask();
        Assert.Equal(isLate, !passing.IsCompleted);
        keys.Key.SetResult(new("one", new byte[32]));
        Assert.Equal(RejectionReason.AuditUnavailable, Assert.IsType<GatewayProblem>(await passing).Reason);
    }

    [Fact]
    public async Task Handler_that_comes_after_the_end_begins_no_second_record()
    {
        var (trail, request) = Arrive(new());
        await using var _ = trail;
        Assert.True(await request.BeginAsync());
        request.End();
        Assert.True(request.TryClear());
        Assert.True(request.IsBegun);
        await request.BeginAsync();
        await trail.CloseAsync();
        Assert.Equal(["begin", "end"], Requests().Select(static line => line.GetProperty("kind").GetString()));
    }

    // As when a filter of the host loses patience and answers for its handler.
    [Fact]
    public async Task Record_that_is_left_behind_with_its_beginning_on_its_way_has_its_end_and_is_used_by_nobody_else()
    {
        var (keys, answer) = (new LateKeys(), new OpenAnswer());
        var trail = new AuditTrail(new(), TimeProvider.System, static () => 1);
        await using var _ = trail;
        trail.Open(_folder.Open(), PersonalData.Open(new() { Encrypted = [PersonalField.Consumer] }, null!, () => new DataKeys(keys, TimeProvider.System, NullLogger.Instance)));
        var http = new DefaultHttpContext();
        http.Features.Set<IHttpResponseFeature>(answer);
        var request = trail.RecordOf(http);
        var passed = new TaskCompletionSource<object?>();
        var (first, second) = (PassAsync(), PassAsync());
        var completed = answer.Completed!();
        Assert.False(completed.IsCompleted);
        Assert.NotSame(request, trail.RecordOf(new DefaultHttpContext()));

        keys.Key.SetResult(new("one", new byte[32]));
        await completed;
        passed.SetResult("served");
        Assert.Equal(["served", "served"], [await first, await second]);
        Assert.NotSame(request, trail.RecordOf(new DefaultHttpContext()));
        await trail.CloseAsync();
        Assert.Equal(["begin", "end"], Requests().Select(static line => line.GetProperty("kind").GetString()));

        Task<object?> PassAsync() => request.PassAsync(null!, isRequired: true, _ => new(passed.Task)).AsTask();
    }

    [Fact]
    public async Task Record_whose_request_is_still_at_the_gate_is_used_by_nobody_else()
    {
        var (keys, answer, passed) = (new LateKeys(), new OpenAnswer(), new TaskCompletionSource<object?>());
        var trail = new AuditTrail(new(), TimeProvider.System, static () => 1);
        await using var _ = trail;
        trail.Open(_folder.Open(), PersonalData.Open(new() { Encrypted = [PersonalField.Consumer] }, null!, () => new DataKeys(keys, TimeProvider.System, NullLogger.Instance)));
        var http = new DefaultHttpContext();
        http.Features.Set<IHttpResponseFeature>(answer);
        var request = trail.RecordOf(http);
        var passing = request.PassAsync(null!, isRequired: true, _ => new(passed.Task)).AsTask();
        keys.Key.SetResult(new("one", new byte[32]));
        await request.ConcludedAsync();
        await answer.Completed!();
        Assert.NotSame(request, trail.RecordOf(new DefaultHttpContext()));
        passed.SetResult("served");
        Assert.Equal("served", await passing);
    }

    [Fact]
    public async Task Key_is_asked_for_only_where_there_may_be_something_to_encrypt_and_used_only_where_there_is()
    {
        var keys = new LateKeys();
        var trail = new AuditTrail(new(), TimeProvider.System, static () => 1);
        await using var _ = trail;
        trail.Open(_folder.Open(), PersonalData.Open(new() { Encrypted = [PersonalField.Headers] }, null!, () => new DataKeys(keys, TimeProvider.System, NullLogger.Instance)));
        var (plain, named) = (trail.RecordOf(new DefaultHttpContext()), trail.RecordOf(new DefaultHttpContext()));
        plain.Enter(null!, new AuditedEndpoint(new(), EndpointOf()));
        Assert.True(await plain.BeginAsync());
        Assert.Equal(0, keys.Asked);
        plain.End();

        // The field is not there.
        keys.Key.SetResult(new("one", new byte[32]));
        named.Enter(null!, new AuditedEndpoint(new() { RequestHeaders = ["X-A"] }, EndpointOf()));
        Assert.True(await named.BeginAsync());
        Assert.Equal(1, keys.Asked);
        named.End();
        await trail.CloseAsync();
        Assert.Equal(4, Requests().Length);
        Assert.DoesNotContain(Requests(), static line => line.TryGetProperty("p", out JsonElement _) || line.TryGetProperty("pLost", out JsonElement _));
    }

    [Fact]
    public async Task Excluded_paths_are_all_told_of_in_lines_that_are_no_longer_than_others()
    {
        string[] paths = [.. Enumerable.Range(0, 100).Select(static i => $"/{i}/{new string('x', 100)}")];
        var trail = new AuditTrail(new() { ExcludedPaths = paths }, TimeProvider.System, static () => 1);
        await using var _ = trail;
        trail.Open(_folder.Open(), PersonalData.Plain);
        await trail.CloseAsync();
        var scopes = _folder.EventsOf("audit.scope");
        Assert.Equal(paths, scopes.SelectMany(static scope => scope.GetProperty("excluded").EnumerateArray()).Select(static path => path.GetString()));
        Assert.All(scopes, static scope => Assert.InRange(scope.GetRawText().Length, 1, AuditLines.MostBytes));
        Assert.InRange(scopes.Count, 2, 5);
    }

    [Fact]
    public async Task Latest_eight_attempts_are_recorded()
    {
        var (trail, request) = Arrive(new());
        await using var _ = trail;
        var policy = new AuditPolicy();
        var context = new GatewayContext(request.HttpContext, new(EndpointOf(), [new("Audit", policy)]));
        context.KeepRecord(request, policy);
        request.Enter(context, new AuditedEndpoint(policy, EndpointOf()));
        Assert.True(await request.BeginAsync());
        for (var i = 0; i < 12; i++)
        {
            context.LatestAttempt = new Attempt($"d{i}");
        }

        request.End();
        await trail.CloseAsync();
        Assert.Equal(
            ["d4", "d5", "d6", "d7", "d8", "d9", "d10", "d11"],
            Requests()[1].GetProperty("att").EnumerateArray().Select(static attempt => attempt.GetProperty("d").GetString()));
    }

    private JsonElement[] Requests() => [.. _folder.Lines().Where(static line => line.GetProperty("kind").GetString() is "begin" or "end")];

    private static GatewayEndpoint EndpointOf() => GatewayEndpoint.Of(new RouteEndpointBuilder(static _ => Task.CompletedTask, RoutePatternFactory.Parse("/a"), 0), []);

    private (AuditTrail Trail, AuditedRequest Request) Arrive(BrokenFields fields)
    {
        var trail = new AuditTrail(new(), TimeProvider.System, static () => 1);
        trail.Open(_folder.Open(), PersonalData.Plain);
        var http = new DefaultHttpContext();
        http.Features.Set<IHttpRequestFeature>(fields);
        return (trail, trail.RecordOf(http));
    }

    // As code of a host that puts its own in place of the server's.
    private sealed class BrokenFields : HttpRequestFeature, IHttpRequestFeature
    {
        public bool IsBroken { get; set; }

        IHeaderDictionary IHttpRequestFeature.Headers
        {
            get => IsBroken ? throw new InvalidOperationException("Broken.") : Headers;
            set => Headers = value;
        }

        string IHttpRequestFeature.Method
        {
            get => IsBroken ? throw new InvalidOperationException("Broken.") : Method;
            set => Method = value;
        }
    }

    // A store that takes its time.
    private sealed class LateKeys : IAuditKeyStore
    {
        public TaskCompletionSource<AuditKey> Key { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Asked { get; private set; }

        public ValueTask<AuditKey> GetAsync(string subject, CancellationToken cancellationToken)
        {
            Asked++;
            return new(Key.Task);
        }

        public ValueTask<AuditKey?> FindAsync(string id, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<IReadOnlyList<string>> FindIdsAsync(string subject, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<IReadOnlyList<string>> EraseAsync(string subject, CancellationToken cancellationToken) => throw new NotSupportedException();
    }

    private sealed record Attempt(string DestinationId) : IForwardAttempt
    {
        public string ClusterId => "up";

        public Uri DestinationAddress { get; } = new("http://localhost");

        public long EndsAt => 0;

        public bool MayBeProcessed => true;

        public bool HasLostBody => false;

        public AttemptRecord Record => new(200, null, TimeSpan.Zero, 0, 0, IsCut: false);
    }

    private sealed class OwnedSigner : IAuditSigner, IDisposable
    {
        private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        public string KeyId => "owned";

        public ReadOnlyMemory<byte> PublicKey => _key.ExportSubjectPublicKeyInfo();

        public ValueTask<ReadOnlyMemory<byte>> SignAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
            new(_key.SignData(content.Span, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation));

        public void Dispose() => _key.Dispose();
    }
}
