using System.Diagnostics;
using System.Security.Authentication;
using System.Text.Json;
using GatewayKit.Forwarding;
using GatewayKit.WireTests.Responses;

namespace GatewayKit.WireTests.Upstreams;

/// <summary>
/// A server that says why it ends a connection. With TLS 1.3 that is after the handshake, when the request is on its way (RFC 8446 §4.4.2.4).
/// The server is that of OpenSSL: .NET's closes without a word.
/// </summary>
public sealed class TlsAlertTests : IDisposable
{
    private readonly TestAuthority _authority = new();

    public void Dispose() => _authority.Dispose();

    [Theory]
    [InlineData(SslProtocols.Tls12, "1.1", false, ForwardError.UpstreamTlsFailed)]
    [InlineData(SslProtocols.Tls12, "1.1", true, ForwardError.UpstreamTlsFailed)]
    [InlineData(SslProtocols.Tls12, "2.0", false, ForwardError.UpstreamTlsFailed)]
    [InlineData(SslProtocols.Tls12, "2.0", true, ForwardError.UpstreamTlsFailed)]
    [InlineData(SslProtocols.Tls13, "1.1", false, ForwardError.UpstreamTlsBroken)]
    [InlineData(SslProtocols.Tls13, "1.1", true, ForwardError.UpstreamTlsBroken)]
    public async Task Client_certificate_that_is_demanded_and_not_there_is_a_failure_of_TLS(SslProtocols protocol, string version, bool isNamed, ForwardError expected) =>
        Assert.Equal(("upstream-tls", expected), await GetAsync(protocol, version, isNamed));

    // HTTP/2 writes more than once before it reads: a write to a connection that is closed by then fails first, and takes the alert's place.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Alert_after_the_handshake_may_be_lost_in_a_reset_over_HTTP_2(bool isNamed) => Assert.Contains(
        await GetAsync(SslProtocols.Tls13, "2.0", isNamed),
        ((string?, ForwardError)[])[("upstream-tls", ForwardError.UpstreamTlsBroken), ("upstream-reset", ForwardError.UpstreamReset)]);

    private async Task<(string? Code, ForwardError Error)> GetAsync(SslProtocols protocol, string version, bool isNamed)
    {
        using var server = Start(protocol);
        try
        {
            await using var gateway = await RecordingGateway.StartAsync(new($"https://localhost:{await PortAsync(server)}"), cluster => cluster with
            {
                Http = new() { Version = Version.Parse(version), VersionPolicy = HttpVersionPolicy.RequestVersionExact },
                Tls = new() { ServerName = isNamed ? "orders.internal" : null, CertificateAuthorityFile = _authority.File },
            });
            using var client = await AnswerReader.ConnectAsync(gateway.Address);
            var answer = await client.GetAsync("/");
            Assert.Equal(502, answer.Status);
            Assert.DoesNotContain("certificate", answer.Body, StringComparison.OrdinalIgnoreCase);
            var outcome = (await gateway.Records.NextAsync()).Outcome;
            gateway.MustBecomeQuiet();
            return (JsonDocument.Parse(answer.Body).RootElement.GetProperty("code").GetString(), outcome!.Value.Error);
        }
        finally
        {
            server.Kill();
            await server.WaitForExitAsync();
        }
    }

    private Process Start(SslProtocols protocol)
    {
        var (certificate, key) = _authority.Write("none");
        var start = new ProcessStartInfo("openssl")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList =
            {
                "s_server", "-accept", "127.0.0.1:0", "-cert", certificate, "-key", key, "-alpn", "h2,http/1.1", "-Verify", "1", "-verify_return_error", "-www",
                protocol is SslProtocols.Tls13 ? "-tls1_3" : "-tls1_2",
            },
        };
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("OpenSSL is not installed.");
            throw;
        }
    }

    private static async Task<string> PortAsync(Process server)
    {
        using var limit = new CancellationTokenSource(ScriptedUpstream.Limit);
        while (await server.StandardOutput.ReadLineAsync(limit.Token) is { } line)
        {
            if (line.StartsWith("ACCEPT ", StringComparison.Ordinal))
            {
                return line[(line.LastIndexOf(':') + 1)..];
            }
        }

        throw new EndOfStreamException(await server.StandardError.ReadToEndAsync(limit.Token));
    }
}
