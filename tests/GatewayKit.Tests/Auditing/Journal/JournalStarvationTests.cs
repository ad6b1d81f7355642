using System.Text;
using GatewayKit.Auditing.Journal;
using GatewayKit.Auditing.Reading;

namespace GatewayKit.Tests.Auditing.Journal;

/// <summary>The journal beside a thread pool that does nothing any more, in a process of its own (faults, H12).</summary>
public sealed class JournalStarvationTests : IDisposable
{
    private readonly JournalFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Journal_records_syncs_and_signs_while_no_thread_of_the_pool_is_free()
    {
        using var child = JournalChild.StartStarved(_folder.Root);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        var said = await child.StandardOutput.ReadToEndAsync(patience.Token);
        await child.WaitForExitAsync(patience.Token);
        Assert.Equal(JournalChild.StarvedWell, said.TrimEnd());

        // What it says of itself is on the disk, too: it ended without closing anything.
        var lines = _folder.Lines();
        Assert.Equal(JournalChild.StarvedRequests, lines.Count(static line => line.GetProperty("kind").GetString() == "begin"));
        var signed = File.ReadAllLines(Path.ChangeExtension(_folder.Segments().Single(), ".ck")).Select(static line => Checkpoint.TryRead(Encoding.UTF8.GetBytes(line), out _, out _)!).ToArray();
        Assert.Contains(signed, static checkpoint => checkpoint.Count >= 4096);
        Assert.True(signed.Length >= 3, "An idle journal says every ten seconds how far it is.");
        var report = await new AuditLog(_folder.Root).VerifyAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(report.IsIntact, report.ToString());
    }
}
