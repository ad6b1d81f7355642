using System.Security.Authentication;
using System.Text.Json;
using GatewayKit.Forwarding;
using GatewayKit.Pipeline;
using GatewayKit.WireTests.Responses;

namespace GatewayKit.WireTests.Upstreams;

/// <summary>
/// Destinations that TLS cannot be agreed with. The handler makes TLS itself, or the gateway does, where the name to expect is not the
/// host: both ways have to say the same.
/// </summary>
public sealed class TlsFailureTests : IDisposable
{
    private const SslProtocols Both = SslProtocols.Tls12 | SslProtocols.Tls13;

    private readonly TestAuthority _authority = new();

    public static TheoryData<string, bool> Ways()
    {
        var ways = new TheoryData<string, bool>();
        foreach (var fault in (string[])
            ["expired", "not yet valid", "wrong name", "for clients", "unknown authority", "another authority", "self-signed", "older protocol", "newer protocol",
            "plain HTTP", "alert", "garbage", "close", "reset"])
        {
            ways.Add(fault, false);
            ways.Add(fault, true);
        }

        return ways;
    }

    public void Dispose() => _authority.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Destination_in_order_is_served(bool isNamed) => Assert.Equal(200, (await GetAsync("none", isNamed)).Status);

    [Theory]
    [Trait("Fault", "U3")]
    [MemberData(nameof(Ways))]
    public async Task Failed_handshake_is_a_bad_gateway_without_detail(string fault, bool isNamed) =>
        MustBeRefused(await GetAsync(fault, isNamed), RejectionReason.UpstreamTls);

    // This server looks for the certificate when the handshake is over, and closes without an alert: that is a reset like any other.
    [Theory]
    [InlineData(SslProtocols.Tls12, false)]
    [InlineData(SslProtocols.Tls12, true)]
    [InlineData(SslProtocols.Tls13, false)]
    [InlineData(SslProtocols.Tls13, true)]
    public async Task Close_for_want_of_a_client_certificate_is_a_reset(SslProtocols protocol, bool isNamed) =>
        MustBeRefused(await GetAsync("client certificate", isNamed, protocol, ForwardError.UpstreamReset), RejectionReason.UpstreamReset);

    [Fact]
    public async Task Plain_request_to_a_port_of_TLS_is_a_bad_gateway()
    {
        await using var upstream = Start("none", Both);
        await using var gateway = await RecordingGateway.StartAsync(upstream.Address);
        using var client = await AnswerReader.ConnectAsync(gateway.Address);
        var answer = await client.GetAsync("/");
        Assert.Equal(502, answer.Status);
        Assert.Contains(JsonDocument.Parse(answer.Body).RootElement.GetProperty("code").GetString(), (string[])["upstream-protocol", "upstream-reset"]);
        gateway.MustBecomeQuiet();
    }

    // Nothing but what the catalogue says: no text of an exception, no name, no address.
    private static void MustBeRefused(ReceivedAnswer answer, RejectionReason reason)
    {
        Assert.Equal((502, true), (answer.Status, answer.IsWhole));
        var problem = JsonDocument.Parse(answer.Body).RootElement;
        Assert.Equal(["type", "title", "status", "code", "traceId"], problem.EnumerateObject().Select(static member => member.Name));
        Assert.Equal((reason.Code, reason.Title), (problem.GetProperty("code").GetString(), problem.GetProperty("title").GetString()));
    }

    private async Task<ReceivedAnswer> GetAsync(string fault, bool isNamed, SslProtocols protocols = Both, ForwardError error = ForwardError.UpstreamTlsFailed)
    {
        await using var upstream = Start(fault, fault switch { "older protocol" => SslProtocols.Tls12, "newer protocol" => SslProtocols.Tls13, _ => protocols });
        await using var gateway = await RecordingGateway.StartAsync(new($"https://localhost:{upstream.Port}"), cluster => cluster with
        {
            Tls = new()
            {
                ServerName = isNamed ? "orders.internal" : null,
                CertificateAuthorityFile = fault switch { "unknown authority" => null, "another authority" => _authority.OtherFile, _ => _authority.File },
                Protocols = fault switch { "older protocol" => SslProtocols.Tls13, "newer protocol" => SslProtocols.Tls12, _ => protocols },
            },
        });
        using var client = await AnswerReader.ConnectAsync(gateway.Address);
        var answer = await client.GetAsync("/");
        gateway.MustBecomeQuiet();
        var outcome = (await gateway.Records.NextAsync()).Outcome;
        Assert.Equal(answer.Status == 200 ? ForwardError.None : error, outcome?.Error);
        return answer;
    }

    private ScriptedUpstream Start(string fault, SslProtocols protocols) => ScriptedUpstream.Start(async connection =>
    {
        if (fault is "plain HTTP" or "alert" or "garbage" or "close" or "reset")
        {
            // The record of a ClientHello is larger than this.
            await connection.TakeAsync(100);
            switch (fault)
            {
                case "plain HTTP":
                    await connection.SendAsync("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
                    break;
                case "alert":
                    // RFC 8446 §6: a fatal alert, handshake_failure.
                    await connection.SendAsync("\u0015\u0003\u0003\0\u0002\u0002\u0028");
                    break;
                case "garbage":
                    await connection.SendAsync("SSH-2.0-OpenSSH_9.6\r\n");
                    break;
                case "reset":
                    connection.Reset();
                    break;
            }

            return;
        }

        try
        {
            await connection.SecureAsync(new()
            {
                ServerCertificate = _authority.Issue(fault),
                EnabledSslProtocols = protocols,
                ClientCertificateRequired = fault == "client certificate",
                RemoteCertificateValidationCallback = fault == "client certificate" ? static (_, certificate, _, _) => certificate is not null : null,
            });
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
        catch (AuthenticationException)
        {
            // The gateway has refused, or had nothing to show: what it tells its client is the test's.
        }
    });
}
