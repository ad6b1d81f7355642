using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using GatewayKit.Pipeline;

namespace GatewayKit.Tests.Pipeline;

/// <summary>The codes are a contract: problems, records, dashboards and alerts are built on them. They change by decision only.</summary>
public sealed class RejectionReasonTableTests
{
    private static readonly RejectionReason[] All =
    [
        .. typeof(RejectionReason).GetProperties(BindingFlags.Public | BindingFlags.Static).Where(static property => property.PropertyType == typeof(RejectionReason))
            .Select(static property => (RejectionReason)property.GetValue(null)!),
    ];

    [Fact]
    public void Table_is_the_approved_one()
    {
        var file = Path.Combine(Folder(), "RejectionReasons.approved.md");
        if (Environment.GetEnvironmentVariable("GATEWAYKIT_REWRITE") == "1")
        {
            File.WriteAllText(file, Table());
            return;
        }

        Assert.True(File.ReadAllText(file) == Table(), "RejectionReasons.approved.md is not what the code says. Run this test with GATEWAYKIT_REWRITE=1 and look at the difference.");
    }

    [Fact]
    public void No_code_is_there_twice() => Assert.Distinct(All.Select(static reason => reason.Code));

    private static string Table()
    {
        var table = new StringBuilder("| Reason | Status | gRPC | Problem type, if a registered one | Title |\n|---|---|---|---|---|\n");
        foreach (var reason in All.OrderBy(static reason => reason.Code, StringComparer.Ordinal))
        {
            table.Append(null, $"| `{reason.Code}` | {reason.Status} | {reason.GrpcStatus} | {reason.RegisteredType} | {reason.Title} |\n");
        }

        return table.ToString();
    }

    private static string Folder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
