using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using GatewayKit.Auditing.Journal;
using GatewayKit.Auditing.Reading;

namespace GatewayKit.Tests.Auditing.Reading;

public sealed class ExportTests : JournalTest
{
    [Fact]
    public async Task Lines_are_exported_as_they_are()
    {
        WriteTwoBoots();
        var lines = (await ExportAsync(AuditExportFormat.JsonLines)).TrimEnd('\n').Split('\n');
        Assert.Equal(160, lines.Length);
        var all = System.IO.Directory.GetFiles(Directory, "*.gkal", SearchOption.AllDirectories).SelectMany(File.ReadLines).ToHashSet();
        Assert.All(lines, line => Assert.Contains(line, all));
    }

    [Theory]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("+1", "'+1")]
    [InlineData("-1", "'-1")]
    [InlineData("@SUM(A1)", "'@SUM(A1)")]
    [InlineData("\tx", "'\tx")]
    [InlineData("\r=x", "\"'\r=x\"")]
    [InlineData("a=1", "a=1")]
    [InlineData("a,b", "\"a,b\"")]
    [InlineData("a;=1", "\"a;=1\"")]
    [InlineData("say \"x\"", "\"say \"\"x\"\"\"")]
    [InlineData("=\"a\",1", "\"'=\"\"a\"\",1\"")]
    [InlineData("", "")]
    [InlineData(null, "")]
    public void Cell_is_no_formula(string? text, string cell) => Assert.Equal(cell, CsvWriter.Cell(text));

    [Fact]
    public async Task Table_has_a_row_for_each_access()
    {
        Builder.StartBoot().Request("orders", "=cmd()", 200, "ok", "r1").Stop();
        var rows = (await ExportAsync(AuditExportFormat.Csv)).TrimEnd().Split("\r\n");
        Assert.Equal(2, rows.Length);
        Assert.StartsWith("time,event,instance,boot,sequence,request_id,", rows[0], StringComparison.Ordinal);
        Assert.Equal(rows[0].Split(',').Length, rows[1].Split(',').Length);
        Assert.Contains(",r1,,'=cmd(),,orders,GET,api.example,/orders/{id},192.0.2.1,200,ok,,1834,0,", rows[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Proxy_in_front_is_beside_the_client_that_it_tells()
    {
        Builder.StartBoot().Line("""{"v":1,"kind":"begin","rid":"r1","ts":"2026-03-01T12:00:00Z","src":"192.0.2.1","srcTrust":"forwarded","peer":"10.0.0.1" """.TrimEnd()).End("r1").Stop();
        Assert.EndsWith(",10.0.0.1", (await ExportAsync(AuditExportFormat.Csv)).TrimEnd(), StringComparison.Ordinal);
        using var json = JsonDocument.Parse(await ExportAsync(AuditExportFormat.Ocsf));
        Assert.Equal("""{"ip":"192.0.2.1","intermediate_ips":["10.0.0.1"]}""", json.RootElement.GetProperty("src_endpoint").GetRawText());
    }

    [Fact]
    public async Task Event_of_ocsf_has_its_class_and_who_what_and_how()
    {
        Builder.StartBoot().Request("orders", "acme", 403, "denied", "r1").Stop();
        using var json = JsonDocument.Parse(await ExportAsync(AuditExportFormat.Ocsf));
        var root = json.RootElement;
        Assert.Equal((6, 6003, 2, 600302, 2), (Number("category_uid"), Number("class_uid"), Number("activity_id"), Number("type_uid"), Number("status_id")));
        Assert.Equal("acme", root.GetProperty("actor").GetProperty("user").GetProperty("uid").GetString());
        Assert.Equal(("GET /orders/{id}", "orders", "r1"), (Api("operation"), root.GetProperty("api").GetProperty("service").GetProperty("name").GetString(), root.GetProperty("api").GetProperty("request").GetProperty("uid").GetString()));
        Assert.Equal($"eu1/{Builder.Boot}/1", root.GetProperty("metadata").GetProperty("uid").GetString());
        Assert.Equal("192.0.2.1", root.GetProperty("src_endpoint").GetProperty("ip").GetString());
        Assert.Equal(root.GetProperty("time").GetInt64(), new DateTimeOffset(2026, 3, 1, 12, 0, 0, 14, TimeSpan.Zero).ToUnixTimeMilliseconds());
        int Number(string name) => root.GetProperty(name).GetInt32();
        string? Api(string name) => root.GetProperty("api").GetProperty(name).GetString();
    }

    [Fact]
    public async Task Event_of_ocsf_has_no_empty_objects()
    {
        Builder.StartBoot().Line("""{"v":1,"kind":"begin","rid":"r1","ts":"2026-03-01T12:00:00Z","m":"GET" """.TrimEnd()).Event("config.applied").Stop();
        var text = (await ExportAsync(AuditExportFormat.Ocsf)).TrimEnd().Split('\n');
        Assert.All(text, static line => Assert.DoesNotContain("{}", line, StringComparison.Ordinal));
        Assert.Contains("\"http_request\":{\"http_method\":\"GET\"}", text[^1] + text[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bundle_proves_every_line_to_somebody_with_the_key_alone()
    {
        Builder.StartBoot();
        Requests(9).Rotate(compress: true);
        Requests(5).Checkpoint();
        Requests(2).Flush();
        var bundle = Path.Combine(Elsewhere, "bundle");
        var export = await new AuditLog(Directory).ExportAsync(new(), AuditExportFormat.JsonLines, Stream.Null, bundle);
        Assert.Equal(new(16, 28, 4), export);
        var proofs = (await File.ReadAllLinesAsync(Path.Combine(bundle, "proofs.jsonl"))).Select(AuditProof.Parse).ToArray();
        Assert.Equal(28, proofs.Length);
        Assert.All(proofs, proof => Assert.Null(proof.Verify(Trusted)));
        Assert.All(proofs, proof => Assert.Null(proof.Verify(AuditKeys.Load(Path.Combine(bundle, "keys")))));
        Assert.Equal(2, (await File.ReadAllLinesAsync(Path.Combine(bundle, "checkpoints.jsonl"))).Length);
        Assert.Contains("gatewaykit audit verify-proof", await File.ReadAllTextAsync(Path.Combine(bundle, "README.txt")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_bit_of_a_proof_matters()
    {
        Builder.StartBoot();
        Requests(3).Stop();
        var proof = (await new AuditLog(Directory).ProveAsync(new() { PageSize = 1 }))[0];
        Assert.Null(proof.Verify(Trusted));
        var keys = Trusted;
        foreach (var text in (string[])[proof.Line, proof.Checkpoint, .. proof.Path])
        {
            for (var bit = 0; bit < text.Length * 8; bit++)
            {
                var bytes = Encoding.Latin1.GetBytes(text);
                bytes[bit / 8] ^= (byte)(1 << bit % 8);
                var changed = Encoding.Latin1.GetString(bytes);
                string Other(string one) => one == text ? changed : one;
                Assert.NotNull((proof with { Line = Other(proof.Line), Checkpoint = Other(proof.Checkpoint), Path = [.. proof.Path.Select(Other)] }).Verify(keys));
            }
        }

        Assert.NotNull((proof with { Index = proof.Index + 1 }).Verify(keys));
        Assert.NotNull((proof with { Path = [.. proof.Path.Skip(1)] }).Verify(keys));
        Assert.NotNull((proof with { Path = [.. proof.Path, proof.Path[0]] }).Verify(keys));
        Assert.NotNull((proof with { Path = [] }).Verify(keys));
    }

    [Fact]
    public async Task Proof_holds_for_the_trusted_key_only()
    {
        Builder.StartBoot().Request(id: "r1").Stop();
        var proof = AuditProof.Parse((await new AuditLog(Directory).ProveAsync(new() { RequestId = "r1" }))[1].ToJson());
        Assert.Contains("\"kind\":\"end\"", proof.Line, StringComparison.Ordinal);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.Contains("not among those to trust", proof.Verify(AuditKeys.Create([])), StringComparison.Ordinal);
        Assert.Contains("not one of the key", proof.Verify(AuditKeys.Create([KeyValuePair.Create(JournalBuilder.KeyId, other.ExportSubjectPublicKeyInfoPem())])), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("""{"format":"gk.proof/2","line":"","index":0,"path":[],"checkpoint":""}""")]
    [InlineData("""{"format":"gk.proof/1","line":null,"index":0,"path":[],"checkpoint":""}""")]
    public void What_is_no_proof_is_an_error(string json) => Assert.Throws<FormatException>(() => AuditProof.Parse(json));

    [Fact]
    public void Levels_prove_what_the_tree_proves()
    {
        for (var count = 1; count <= 130; count++)
        {
            var leaves = Enumerable.Range(0, count).Select(static i => MerkleTree.HashLeaf([(byte)i])).ToArray();
            var levels = new MerkleLevels(leaves);
            for (var i = 0; i < count; i++)
            {
                Assert.Equal(MerkleTree.Prove(leaves, i), levels.Prove(i));
                Assert.True(MerkleTree.Verify(leaves[i], i, count, levels.Prove(i), levels.Root));
            }
        }
    }

    private async Task<string> ExportAsync(AuditExportFormat format)
    {
        var output = new MemoryStream();
        await new AuditLog(Directory).ExportAsync(new(), format, output);
        return Encoding.UTF8.GetString(output.ToArray());
    }
}
