using System.Runtime.CompilerServices;
using System.Text;
using GatewayKit.Forwarding;

namespace GatewayKit.Tests.Forwarding;

/// <summary>What follows from each error is a contract: records, dashboards and alerts are built on it. It changes by decision only.</summary>
public sealed class ForwardErrorTableTests
{
    private const string Begin = "<!-- table of ForwardError: GATEWAYKIT_REWRITE=1 writes it -->";
    private const string End = "<!-- end of the table -->";

    [Fact]
    public void Table_is_the_approved_one() => Compare(Path.Combine(Folder(), "ForwardErrors.approved.md"), Table(), static (_, table) => table);

    [Fact]
    public void Table_in_the_documentation_is_that_of_the_code() => Compare(
        Path.Combine(Folder(), "../../../docs/forwarding.md"),
        Table(),
        static (page, table) =>
        {
            var (begin, end) = (page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, page.IndexOf(End, StringComparison.Ordinal));
            Assert.True(begin >= Begin.Length && end > begin, "docs/forwarding.md has no place for the table.");
            return $"{page[..begin]}\n{table}{page[end..]}";
        });

    private static void Compare(string file, string table, Func<string, string, string> replace)
    {
        var current = File.Exists(file) ? File.ReadAllText(file) : string.Empty;
        var expected = replace(current, table);
        if (Environment.GetEnvironmentVariable("GATEWAYKIT_REWRITE") == "1")
        {
            File.WriteAllText(file, expected);
            return;
        }

        Assert.True(current == expected, $"{Path.GetFileName(file)} is not what the code says. Run this test with GATEWAYKIT_REWRITE=1 and look at the difference.");
    }

    private static string Table()
    {
        var table = new StringBuilder("| `ForwardError` | Status | Reason | To blame | May be tried again | Log |\n|---|---|---|---|---|---|\n");
        foreach (var error in Enum.GetValues<ForwardError>().Where(static error => error is not ForwardError.None).OrderBy(static error => error.ToString(), StringComparer.Ordinal))
        {
            var failure = ForwardFailure.Of(error);
            var again = failure.BeforeProcessing ? "any method" : failure.Blame is Blame.Destination ? "idempotent methods" : "no";
            var status = failure.Reason.Status == 499 ? "none; 499 in records" : $"{failure.Reason.Status}";
            table.Append(null, $"| `{error}` | {status} | `{failure.Reason.Code}` | {failure.Blame} | {again} | {failure.LogLevel} |\n");
        }

        return table.ToString();
    }

    private static string Folder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
