using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using GatewayKit.Forwarding;
using GatewayKit.WireTests.Upstreams;

namespace GatewayKit.WireTests.Faults;

/// <summary>The rows of the catalogue that one destination and one request can show. Statuses and retries stand beside each.</summary>
internal static class UpstreamFaults
{
    private const string Ok = "HTTP/1.1 200 OK\r\n";

    public static IReadOnlyList<UpstreamFault> All { get; } = [.. Connecting(), .. Names(), .. Heads(), .. Bodies(), .. Messages(), .. Relayed()];

    private static UpstreamFault[] Connecting() =>
    [
        Unsent("U1", "refused", "upstream-connect", 502, ForwardError.UpstreamConnectFailed) with { Address = static lab => lab.Nobody() },

        // Linux connects to no group of hosts, whatever its routes are.
        Unsent("U1", "unreachable", "upstream-connect", 502, ForwardError.UpstreamConnectFailed) with { Address = static _ => new("http://224.0.0.1") },
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
        Tls("older protocol") with
        {
            Script = static (connection, lab) => SecureAsync(connection, lab, "none", SslProtocols.Tls12),
            Cluster = static (cluster, lab) => cluster with { Tls = new() { CertificateAuthorityFile = lab.Authority.File, Protocols = SslProtocols.Tls13 } },
        },
        Tls("certificate that changes while it serves") with
        {
            IsReused = true,
            Script = static (connection, lab) => SecureAsync(connection, lab, connection.Number == 1 ? "none" : "expired"),
        },
        Tls("garbage in place of a handshake") with { Script = static async (connection, _) =>
        {
            await connection.TakeAsync(100);
            await connection.SendAsync("SSH-2.0-OpenSSH_9.6\r\n");
        } },
        Tls("RST in the handshake") with { Script = static async (connection, _) =>
        {
            await connection.TakeAsync(100);
            connection.Reset();
        } },
        Unsent("U3", "handshake hangs", "upstream-timeout", 504, ForwardError.UpstreamConnectTimeout) with { IsSecure = true, Script = static (connection, _) => connection.ReadNothingAsync() },
    ];

    private static UpstreamFault[] Names() =>
    [
        Unresolved("name that does not resolve") with { Address = static _ => new("http://nobody.invalid") },
        Unresolved("name without an address") with { Address = static lab => lab.Nobody(), Resolve = static _ => Task.FromResult<IPAddress[]>([]) },
        Unresolved("resolver that fails") with
        {
            Address = static lab => lab.Nobody(),
            Resolve = static _ => Task.FromException<IPAddress[]>(new SocketException((int)SocketError.TryAgain)),
        },
        Unsent("U19", "resolver that says nothing", "upstream-timeout", 504, ForwardError.UpstreamConnectTimeout) with
        {
            Address = static lab => lab.Nobody(),
            Resolve = static _ => new TaskCompletionSource<IPAddress[]>().Task,
        },
        Unsent("U19", "addresses that all refuse", "upstream-connect", 502, ForwardError.UpstreamConnectFailed) with
        {
            Address = static lab => lab.Nobody(),
            Resolve = Addresses("127.0.0.1", "127.0.0.2", "127.0.0.1"),
        },
        Unsent("U19", "addresses that all say nothing", "upstream-timeout", 504, ForwardError.UpstreamConnectTimeout) with
        {
            Address = static lab => lab.Own(new Aborts.BlackHole()).Address,
            Resolve = Addresses("127.0.0.1", "127.0.0.1"),
        },
        Unsent("U19", "address of the machine's credentials", "upstream-connect", 502, ForwardError.UpstreamAddressDenied) with
        {
            Address = static lab => lab.Nobody(),
            Resolve = Addresses("169.254.169.254"),
        },
        Unsent("U19", "address in a network that the cluster denies", "upstream-connect", 502, ForwardError.UpstreamAddressDenied) with
        {
            Address = static lab => lab.Nobody(),
            Resolve = Addresses("127.0.0.2"),
            Cluster = static (cluster, _) => cluster with { Http = cluster.Http with { DeniedNetworks = [IPNetwork.Parse("127.0.0.2/32")] } },
        },

        // Some of them are well: nothing has failed.
        new("U19", "one of the addresses refuses") { Status = 200, Script = Answer(FaultLab.Well), Resolve = Addresses("127.0.0.2", "127.0.0.1") },
        new("U19", "one of the addresses says nothing")
        {
            Status = 200,
            Script = Answer(FaultLab.Well),
            Address = static lab =>
            {
                lab.Own(new Aborts.BlackHole(IPAddress.Parse("127.0.0.2"), lab.First!.Port));
                return lab.First.Address;
            },
            Resolve = Addresses("127.0.0.2", "127.0.0.1"),
        },
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
        Unanswered("U6", "RST on a reused connection") with
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

                connection.Reset();
            },
        },
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
        Cut("U8", "FIN inside a chunk") with { Script = Begin(Ok + "Transfer-Encoding: chunked\r\n\r\na\r\n12345") },
        Cut("U8", "FIN inside the trailers") with { Script = Begin(Ok + "Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n0\r\nX-A: b\r\n") },
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
        Broken("U11", "one length twice in a field") with { Script = Answer(Ok + "Content-Length: 4, 4\r\n\r\nwell") },
        Broken("U11", "negative length") with { Script = Answer(Ok + "Content-Length: -4\r\n\r\nwell") },
        Broken("U11", "length and chunks") with { Script = Answer(Ok + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwell\r\n0\r\n\r\n") },
        Cut("U11", "bad chunk") with { Error = ForwardError.UpstreamProtocolError, Script = static async (connection, lab) =>
        {
            await Begin(Ok + "Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n")(connection, lab);
            await connection.SendAsync("xyz\r\n");
        } },
        new("U11", "length too short") { Status = 200, Script = Answer(FaultLab.Well + "and more") },
        new("U11", "surplus bytes behind the last chunk") { Status = 200, Script = Answer(Ok + "Transfer-Encoding: chunked\r\n\r\n4\r\nwell\r\n0\r\n\r\nand more") },
        Broken("U12", "garbage") with { Script = Answer("garbage\r\n\r\n") },
        Broken("U12", "HTTP/0.9") with { Script = Answer("<html>hello</html>\r\n\r\n") },
        Broken("U12", "a header of a mebibyte") with { Error = ForwardError.UpstreamHeadTooLarge, Script = Answer($"{Ok}X-Large: {new string('x', 1 << 20)}\r\n\r\n") },
        Broken("U12", "a status line without an end") with { Error = ForwardError.UpstreamHeadTooLarge, Script = Again("HTTP/1.1 200 OK", "k") },
        Broken("U12", "garbage without an end") with { Error = ForwardError.UpstreamHeadTooLarge, Script = Again("garbage", "x") },
        Broken("U12", "10,000 headers") with { Error = ForwardError.UpstreamHeadTooLarge, Script = Answer($"{Ok}{string.Concat(Enumerable.Repeat("X-A: 1\r\n", 10_000))}\r\n") },
        Broken("U12", "bytes of every value") with { Script = Answer(string.Concat(Enumerable.Range(0, 256).Select(static value => (char)value))) },

        // RFC 8446 §6: a fatal alert, as a server of TLS answers to what is no handshake. It is shorter than any status line, so all that is seen is the end.
        Unanswered("U12", "a TLS alert on a plain port") with { Script = Answer("\u0015\u0003\u0003\0\u0002\u0002\u0046") },
        .. new[] { "100 Continue", "102 Processing", "103 Early Hints" }.Select(static interim => Broken("U13", $"{interim} without an end") with
        {
            Error = ForwardError.UpstreamHeadTooLarge,
            Script = Again(string.Empty, $"HTTP/1.1 {interim}\r\nLink: </style.css>\r\n\r\n"),
        }),

        // A client that were sent it would take it for the answer.
        new("U13", "103 and then an answer") { Status = 200, Script = Answer("HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n" + FaultLab.Well) },
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
        Relay("U15", 500, "X-Counts: yes\r\n") with { Counts = true, Cluster = static (cluster, _) => cluster with { CircuitBreaker = cluster.CircuitBreaker with { CountServerErrors = true } } },
        Relay("U15", 501),
        Relay("U15", 502) with { Counts = true, RetriesGet = true },
        Relay("U15", 504) with { Counts = true, RetriesGet = true },
        Relay("U15", 503, "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n") with { Counts = true, RetriesGet = true },
        Relay("U15", 503, "Retry-After: 86400\r\n") with { Counts = true },
        Relay("U15", 503, "Retry-After: -5\r\n") with { Counts = true, RetriesGet = true },
        Relay("U15", 503, "Retry-After: Fri, 31 Dec 2100 23:59:59 GMT\r\n") with { Counts = true },
        Relay("U15", 429, "Retry-After: 1\r\n"),
        Relay("U16", 302, "Location: http://elsewhere.example/\r\n"),
        Relay("U16", 308, "Location: http://elsewhere.example/\r\n"),
    ];

    // Nothing was sent: any method may go elsewhere.
    private static UpstreamFault Unsent(string id, string name, string code, int status, ForwardError error) =>
        new(id, name) { Code = code, Status = status, Error = error, Counts = true, RetriesGet = true, RetriesPost = true };

    private static UpstreamFault Unresolved(string name) => Unsent("U19", name, "upstream-connect", 502, ForwardError.UpstreamResolveFailed);

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

    private static Func<FaultLab, Task<IPAddress[]>> Addresses(params string[] addresses) => _ => Task.FromResult(Array.ConvertAll(addresses, IPAddress.Parse));

    private static Func<UpstreamConnection, FaultLab, Task> Again(string start, string again) => async (connection, _) =>
    {
        await connection.ReadRequestAsync();
        await connection.SendAsync(start);
        var block = string.Concat(Enumerable.Repeat(again, 1 + (4_096 / again.Length)));
        while (true)
        {
            await connection.SendAsync(block);
        }
    };

    // Goes on when the client has seen it.
    private static Func<UpstreamConnection, FaultLab, Task> Begin(string bytes) => async (connection, lab) =>
    {
        await connection.ReadRequestAsync();
        await connection.SendAsync(bytes);
        await lab.SeenAsync();
    };

    private static async Task SecureAsync(UpstreamConnection connection, FaultLab lab, string fault, SslProtocols protocols = SslProtocols.None)
    {
        try
        {
            await connection.SecureAsync(new() { ServerCertificate = lab.Authority.Issue(fault), EnabledSslProtocols = protocols });
            await connection.ReadRequestAsync();

            // It closes then, and says so: a POST on a connection whose end has not arrived yet would perhaps have been processed.
            await connection.SendAsync(FaultLab.WellAndClosed);
        }
        catch (AuthenticationException)
        {
            // The gateway has refused.
        }
    }
}
