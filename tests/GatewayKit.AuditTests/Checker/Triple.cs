using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using GatewayKit.Conservation;

namespace GatewayKit.AuditTests.Checker;

/// <summary>Three logs that agree, in memory, to be spoilt. The journal's lines have no number and no hash yet: whoever forges one makes the chain anew.</summary>
internal sealed class Triple
{
    private const string Boot = "0193b7a2-0000-7000-8000-000000000001";

    private long _time = 1_000;

    public List<string> Clients { get; } = [];

    public List<string> Upstreams { get; } = [];

    public List<string> Journal { get; } = ["{\"v\":1,\"kind\":\"event\",\"event\":\"audit.started\""];

    /// <summary>One request of each kind.</summary>
    public static Triple Good()
    {
        var triple = new Triple();
        triple.Add("served", head: "GET", attempts: "{\"d\":\"a\",\"st\":200}", heads: 1, digest: "d1");
        triple.Add("posted", head: "POST", attempts: "{\"d\":\"a\",\"st\":201}", status: 201, heads: 1, digest: "d2");
        triple.Add("retried", head: "GET", attempts: "{\"d\":\"a\",\"err\":\"upstream-reset\"},{\"d\":\"b\",\"st\":200}", heads: 2, digest: "d3");
        triple.Add("unreached", head: "GET", attempts: "{\"d\":\"a\",\"err\":\"upstream-connect\"}", status: 502, outcome: "upstream_error", error: "upstream-connect");
        triple.Add("cut", head: "GET", attempts: "{\"d\":\"a\",\"st\":200}", view: "cut", outcome: "truncated", error: "upstream-reset", heads: 1, digest: "d4");
        triple.Add("left", head: "GET", attempts: "{\"d\":\"a\",\"err\":\"client-aborted\"}", status: 0, view: "left", outcome: "client_aborted", error: "client-aborted", heads: 1);
        triple.Add("denied", head: "GET", status: 401, outcome: "denied", error: "unauthenticated");
        triple.Add("throttled", head: "GET", status: 429, outcome: "throttled", error: "rate-limited");
        triple.Clients.Add($"sent {triple.Next()} malformed GET malformed");
        triple.Clients.Add($"seen {triple.Next()} malformed 400 whole -");
        triple.Journal.Add("{\"v\":1,\"kind\":\"event\",\"event\":\"protocol_reject\",\"st\":400");
        triple.Journal.Add("{\"v\":1,\"kind\":\"event\",\"event\":\"audit.stopped\"");
        return triple;
    }

    /// <summary>What the checker says.</summary>
    /// <param name="edit">Changes the journal as it is written, hashes and all.</param>
    public IReadOnlyList<Finding> Check(Func<List<string>, List<string>>? edit = null)
    {
        var folder = Directory.CreateTempSubdirectory("gatewaykit-triple-");
        try
        {
            var (clients, upstreams, boot) = (Path.Combine(folder.FullName, "clients"), Path.Combine(folder.FullName, "upstreams"), Path.Combine(folder.FullName, "audit", "one", Boot));
            Directory.CreateDirectory(boot);
            File.WriteAllLines(clients, Clients);
            File.WriteAllLines(upstreams, Upstreams);
            var lines = Chain();
            File.WriteAllText(Path.Combine(boot, "00000001.gkal"), string.Concat((edit?.Invoke(lines) ?? lines).Select(static line => line + "\n")));
            return ConservationChecker.Check(clients, upstreams, Path.Combine(folder.FullName, "audit")).Findings.First;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private List<string> Chain()
    {
        var last = SHA256.HashData([.. Part("gk.audit/1"), .. Part("one"), .. Part(Boot), .. Part(string.Empty)]);
        string[] lines = [$"{{\"v\":1,\"kind\":\"segment\",\"inst\":\"one\",\"boot\":\"{Boot}\",\"prevBoot\":\"\",\"n\":1,\"ts\":\"2026-11-29T10:00:00Z\",\"prev\":\"{Base64Url.EncodeToString(last)}\"", .. Journal];
        var chained = new List<string>();
        for (var i = 0; i < lines.Length; i++)
        {
            var covered = $"{lines[i]},\"seq\":{i}";
            last = SHA256.HashData([.. last, .. Encoding.UTF8.GetBytes(covered)]);
            chained.Add($"{covered},\"h\":\"{Base64Url.EncodeToString(last)}\"}}");
        }

        return chained;
    }

    private void Add(string id, string head, string? attempts = null, int status = 200, string view = "whole", string outcome = "ok", string? error = null, int heads = 0, string digest = "-")
    {
        Clients.Add($"sent {Next()} {id} {head} whole");
        Journal.Add($"{{\"v\":1,\"kind\":\"begin\",\"mono\":{Next()},\"rid\":\"R-{id}\",\"m\":\"{head}\",\"hdr\":{{\"x-test-id\":\"{id}\"}}");
        Upstreams.AddRange(Enumerable.Range(0, heads).Select(_ => $"head {Next()} {id} {head}"));
        Upstreams.AddRange(digest is "-" ? [] : [$"body {Next()} {id} {digest}"]);
        Journal.Add($"{{\"v\":1,\"kind\":\"end\",\"mono\":{Next()},\"rid\":\"R-{id}\",\"st\":{(status is 0 ? 200 : status)},\"outcome\":\"{outcome}\""
            + (error is null ? string.Empty : $",\"err\":\"{error}\"") + (attempts is null ? string.Empty : $",\"att\":[{attempts}]"));
        Clients.Add($"seen {Next()} {id} {(status is 0 ? "-" : status)} {view} {(view is "whole" ? digest : "-")}");
    }

    private long Next() => _time += 1_000;

    private static byte[] Part(string text) => [0, 0, 0, (byte)text.Length, .. Encoding.UTF8.GetBytes(text)];
}
