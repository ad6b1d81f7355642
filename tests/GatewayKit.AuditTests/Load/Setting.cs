using System.Globalization;

namespace GatewayKit.AuditTests.Load;

/// <summary>How long runs are, which commands set.</summary>
internal static class Setting
{
    public static int Seed => Number("GATEWAYKIT_SEED", 20_261_129);

    public static int Number(string name, int otherwise) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
