using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using GatewayKit.Auditing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.FunctionalTests.Auditing;

/// <summary>A gateway whose key is away for longer than an hour.</summary>
public sealed class UnsignedJournalTests
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);

    [Fact]
    public async Task Strict_requests_are_refused_after_an_hour_without_a_signature_and_the_others_served()
    {
        using var signer = new AwaySigner { IsAway = true };
        await using var host = await AuditedHost.StartAsync(
            map: static app =>
            {
                app.MapGatewayRoute("/strict/{**rest}", cluster: "up").WithAuditing(AuditDelivery.Strict);
                app.MapGatewayRoute("/others/{**rest}", cluster: "up").WithAuditing();
            },
            services: gateway =>
            {
                gateway.Services.AddSingleton<TimeProvider>(_time);
                gateway.Services.AddSingleton<IAuditSigner>(signer);
                gateway.Services.AddHealthChecks().AddGatewayAudit();
            });
        Assert.Equal(HttpStatusCode.OK, (await AskAsync("strict")).Status);

        await PassAsync(static journal => journal.IsUnsignedTooLong);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "urn:gatewaykit:problem:audit-unavailable"), await AskAsync("strict"));
        Assert.Equal(HttpStatusCode.OK, (await AskAsync("others")).Status);
        Assert.Equal(HealthStatus.Degraded, (await host.Gateway.App.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(TestContext.Current.CancellationToken)).Status);

        signer.IsAway = false;
        await PassAsync(static journal => !journal.IsUnsealed);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync("strict")).Status);

        async Task<(HttpStatusCode Status, string? Problem)> AskAsync(string path)
        {
            using var answer = await host.Client.GetAsync(new Uri($"/{path}/a", UriKind.Relative), TestContext.Current.CancellationToken);
            var body = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            return (answer.StatusCode, answer.IsSuccessStatusCode ? null : JsonElement.Parse(body).GetProperty("type").GetString());
        }

        async Task PassAsync(Func<GatewayKit.Auditing.Journal.AuditJournal, bool> until)
        {
            var journal = host.Gateway.App.Services.GetRequiredService<AuditTrail>().Journal!;
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            limit.CancelAfter(TimeSpan.FromSeconds(60));
            while (!until(journal))
            {
                _time.Advance(TimeSpan.FromSeconds(10));
                journal.Wake();
                await Task.Delay(1, limit.Token);
            }
        }
    }

    private sealed class AwaySigner : IAuditSigner, IDisposable
    {
        private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        public volatile bool IsAway;

        public string KeyId => "kms-1";

        public ReadOnlyMemory<byte> PublicKey => _key.ExportSubjectPublicKeyInfo();

        public ValueTask<ReadOnlyMemory<byte>> SignAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
            IsAway ? throw new HttpRequestException("Away.") : new(_key.SignData(content.Span, HashAlgorithmName.SHA256));

        public void Dispose() => _key.Dispose();
    }
}
