using System.Security.Cryptography;
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
        var lines = _folder.Lines().Where(static line => line.GetProperty("kind").GetString() is "begin" or "end").ToArray();
        Assert.Equal(["begin", "end"], lines.Select(static line => line.GetProperty("kind").GetString()));
        Assert.Equal(lines[0].GetProperty("rid").GetString(), lines[1].GetProperty("rid").GetString());
        Assert.True(lines[1].GetProperty("cut").GetBoolean());
        Assert.Equal(0, trail.Journal.InFlight);
    }

    [Fact]
    public async Task Request_whose_beginning_cannot_be_described_has_no_record_and_no_room()
    {
        var (trail, request) = Arrive(new() { IsBroken = true });
        await using var _ = trail;
        request.Enter(null!, new AuditedEndpoint(new() { Delivery = AuditDelivery.Guaranteed, RequestHeaders = ["X-A"] }, EndpointOf()));
        await Assert.ThrowsAsync<InvalidOperationException>(() => request.BeginAsync().AsTask());
        request.End();
        await trail.CloseAsync();
        Assert.DoesNotContain(_folder.Lines(), static line => line.GetProperty("kind").GetString() is "begin" or "end");
        Assert.Equal(0, trail.Journal!.InFlight);
    }

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
