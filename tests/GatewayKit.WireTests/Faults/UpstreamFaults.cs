using GatewayKit.Forwarding;
using GatewayKit.WireTests.Upstreams;

namespace GatewayKit.WireTests.Faults;

/// <summary>The rows of the catalogue that one destination and one request can show. Statuses and retries stand beside each.</summary>
internal static class UpstreamFaults
{
    private const string Ok = "HTTP/1.1 200 OK\r\n";

    public static IReadOnlyList<UpstreamFault> All { get; } = [.. Connecting(), .. Heads(), .. Bodies(), .. Messages(), .. Relayed()];

    private static UpstreamFault[] Connecting() =>
    [
        Unsent("U1", "refused", "upstream-connect", 502, ForwardError.UpstreamConnectFailed) with { Address = static lab => lab.Nobody() },
        Unsent("U2", "SYN unanswered", "upstream-timeout", 504, ForwardError.UpstreamConnectTimeout) with { Address = static lab => lab.Own(new Aborts.BlackHole()).Address },
        .. new[] { "expired", "wrong name", "self-signed" }.Select(static fault => Tls(fault) with
        {
            Script = (connection, lab) => SecureAsync(connection, lab, fault),
        }),
        Tls("unknown authority") with
        {
            Script = static (connection, lab) => SecureAsync(connection, lab, "none"),
            Cluster = static (cluster, lab) => cluster with { Tls = new() { CertificateAuthorityFile = lab.Authority.OtherFile } },
        },
        Tls("garbage in place of a handshake") with { Script = static async (connection, _) =>
        {
            await connection.TakeAsync(100);
            await connection.SendAsync("SSH-2.0-OpenSSH_9.6\r\n");
        } },
        Unsent("U3", "handshake hangs", "upstream-timeout", 504, ForwardError.UpstreamConnectTimeout) with { IsSecure = true, Script = static (connection, _) => connection.ReadNothingAsync() },
        Unsent("U19", "name that does not resolve", "upstream-connect", 502, ForwardError.UpstreamResolveFailed) with { Address = static _ => new("http://nobody.invalid") },
    ];

    private static UpstreamFault[] Heads() =>
    [
        Unanswered("U4", "accepts, never answers", "upstream-timeout", 504, ForwardError.UpstreamHeadersTimeout) with
        {
            Passes = TimeSpan.FromSeconds(10),
            Script = static async (connection, lab) =>
            {
                await connection.ReadRequestAsync();
                lab.Reach();
                await connection.ReadNothingAsync();
            },
        },
        Unanswered("U5", "RST before the first byte") with { Script = static async (connection, _) =>
        {
            await connection.ReadRequestAsync();
            connection.Reset();
        } },
        Unanswered("U6", "FIN on a reused connection") with
        {
            IsReused = true,
            Script = static async (connection, _) =>
            {
                await connection.ReadRequestAsync();
                if (connection.Number == 1)
                {
                    await connection.SendAsync(FaultLab.Well);
                    await connection.ReadRequestAsync();
                }
            },
        },
        Unanswered("U7", "RST inside the head") with { Script = static async (connection, _) =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nConte");
            connection.Reset();
        } },
        Unanswered("U7", "FIN inside the head") with { Script = Answer("HTTP/1.1 200 OK\r\nConte") },
    ];

    private static UpstreamFault[] Bodies() =>
    [
        Cut("U8", "FIN inside a body with a length") with { Script = Begin(Ok + "Content-Length: 10\r\n\r\n12345") },
        Cut("U8", "no last chunk") with { Script = Begin(Ok + "Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n") },
        Cut("U8", "RST inside the body") with { Script = static async (connection, lab) =>
        {
            await Begin(Ok + "Content-Length: 10\r\n\r\n12345")(connection, lab);
            connection.Reset();
        } },
        Cut("U9", "the body stalls") with
        {
            Error = ForwardError.UpstreamStalled,
            Passes = TimeSpan.FromSeconds(10),
            Script = static async (connection, lab) =>
            {
                await Begin(Ok + "Content-Length: 10\r\n\r\n12345")(connection, lab);
                await connection.ReadNothingAsync();
            },
        },
    ];

    private static UpstreamFault[] Messages() =>
    [
        new("U10", "half-close after the request") { Status = 200, Script = static async (connection, _) =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync(Ok + "Connection: close\r\n\r\nall of it");
            connection.HalfClose();
            await connection.ReadToEndAsync();
        } },
        Cut("U11", "length too long") with { Script = Begin(Ok + "Content-Length: 100\r\n\r\n12345") },
        Broken("U11", "two lengths") with { Script = Answer(Ok + "Content-Length: 4\r\nContent-Length: 5\r\n\r\nwell!") },
        Broken("U11", "negative length") with { Script = Answer(Ok + "Content-Length: -4\r\n\r\nwell") },
        Broken("U11", "length and chunks") with { Script = Answer(Ok + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwell\r\n0\r\n\r\n") },
        Cut("U11", "bad chunk") with { Error = ForwardError.UpstreamProtocolError, Script = static async (connection, lab) =>
        {
            await Begin(Ok + "Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n")(connection, lab);
            await connection.SendAsync("xyz\r\n");
        } },
        new("U11", "surplus bytes") { Status = 200, Script = Answer(FaultLab.Well + "and more") },
        Broken("U12", "garbage") with { Script = Answer("garbage\r\n\r\n") },
        Broken("U12", "HTTP/0.9") with { Script = Answer("<html>hello</html>\r\n\r\n") },
        Broken("U12", "a header of a mebibyte") with { Error = ForwardError.UpstreamHeadTooLarge, Script = Answer($"{Ok}X-Large: {new string('x', 1 << 20)}\r\n\r\n") },
        Broken("U13", "endless 103") with { Error = ForwardError.UpstreamHeadTooLarge, Script = static async (connection, _) =>
        {
            await connection.ReadRequestAsync();
            while (true)
            {
                await connection.SendAsync("HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n");
            }
        } },
        Broken("U17", "unexpected 101") with { Script = Answer("HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: Upgrade\r\n\r\n") },
    ];

    private static UpstreamFault[] Relayed() =>
    [
        new("U14", "a final status before the body is read") { Status = 417, Script = static async (connection, _) =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            await connection.ReadToEndAsync();
        } },
        Relay("U15", 500),
        Relay("U15", 502) with { Counts = true, RetriesGet = true },
        Relay("U15", 503, "Retry-After: 86400\r\n") with { Counts = true },
        Relay("U15", 503, "Retry-After: -5\r\n") with { Counts = true, RetriesGet = true },
        Relay("U15", 503, "Retry-After: Fri, 31 Dec 2100 23:59:59 GMT\r\n") with { Counts = true },
        Relay("U15", 429, "Retry-After: 1\r\n"),
        Relay("U16", 302, "Location: http://elsewhere.example/\r\n"),
    ];

    // Nothing was sent: any method may go elsewhere.
    private static UpstreamFault Unsent(string id, string name, string code, int status, ForwardError error) =>
        new(id, name) { Code = code, Status = status, Error = error, Counts = true, RetriesGet = true, RetriesPost = true };

    private static UpstreamFault Tls(string fault) => Unsent("U3", fault, "upstream-tls", 502, ForwardError.UpstreamTlsFailed) with
    {
        IsSecure = true,
        Cluster = static (cluster, lab) => cluster with { Tls = new() { CertificateAuthorityFile = lab.Authority.File } },
    };

    // It may have been processed: only what is idempotent goes elsewhere.
    private static UpstreamFault Unanswered(string id, string name, string code = "upstream-reset", int status = 502, ForwardError error = ForwardError.UpstreamReset) =>
        new(id, name) { Code = code, Status = status, Error = error, Counts = true, RetriesGet = true };

    // The client has seen some of it.
    private static UpstreamFault Cut(string id, string name) => new(id, name) { Status = 200, IsCut = true, Error = ForwardError.UpstreamTruncated, Counts = true };

    private static UpstreamFault Broken(string id, string name) => new(id, name) { Status = 502, Code = "upstream-protocol", Error = ForwardError.UpstreamProtocolError, Counts = true };

    private static UpstreamFault Relay(string id, int status, string fields = "") =>
        new(id, $"{status} {fields.TrimEnd()}") { Status = status, Script = Answer($"HTTP/1.1 {status} Whatever\r\n{fields}Content-Length: 0\r\n\r\n") };

    private static Func<UpstreamConnection, FaultLab, Task> Answer(string bytes) => async (connection, _) =>
    {
        await connection.ReadRequestAsync();
        await connection.SendAsync(bytes);
    };

    // Goes on when the client has seen it.
    private static Func<UpstreamConnection, FaultLab, Task> Begin(string bytes) => async (connection, lab) =>
    {
        await connection.ReadRequestAsync();
        await connection.SendAsync(bytes);
        await lab.SeenAsync();
    };

    private static async Task SecureAsync(UpstreamConnection connection, FaultLab lab, string fault)
    {
        try
        {
            await connection.SecureAsync(new() { ServerCertificate = lab.Authority.Issue(fault) });
            await connection.ReadRequestAsync();
            await connection.SendAsync(FaultLab.Well);
        }
        catch (System.Security.Authentication.AuthenticationException)
        {
            // The gateway has refused.
        }
    }
}
