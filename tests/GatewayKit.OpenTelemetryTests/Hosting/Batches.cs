using System.Text;
using GatewayKit.Auditing.Shipping;

namespace GatewayKit.OpenTelemetryTests.Hosting;

/// <summary>Batches as the shipper hands them over.</summary>
internal static class Batches
{
    public static readonly Guid Boot = Guid.Parse("11111111-2222-3333-4444-555555555555");

    public static AuditBatch Of(IEnumerable<AuditRecord> records, params string[] checkpoints) => new()
    {
        Instance = "one", Boot = Boot, Records = [.. records], Checkpoints = [.. checkpoints.Select(static one => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(one))], Position = new(Boot, 2, 4711, 1, 12),
    };

    public static AuditBatch OfLines(int count, int bytes = 0) => Of(Enumerable.Range(0, count).Select(sequence => Line(sequence, $",\"text\":\"{new string('x', bytes)}\"")));

    public static AuditRecord Line(long sequence, string more = "", string kind = "event", string time = "2026-11-29T10:00:00.123456Z") =>
        Raw(sequence, $"{{\"v\":1,\"kind\":\"{kind}\",\"ts\":\"{time}\"{more},\"seq\":{sequence},\"h\":\"{sequence:D43}\"}}");

    public static AuditRecord Raw(long sequence, string line) => new(sequence, $"{sequence:D43}", "event", Encoding.UTF8.GetBytes(line));

    public static string Checkpoint(int number) =>
        $"{{\"v\":1,\"kind\":\"checkpoint\",\"inst\":\"one\",\"boot\":\"{Boot:D}\",\"n\":1,\"seq\":7,\"h\":\"x\",\"count\":8,\"root\":\"r\",\"ts\":\"2026-11-29T10:00:00Z\",\"last\":false,\"keyId\":\"k\",\"prevSig\":\"\",\"sig\":\"s{number}\"}}";
}
