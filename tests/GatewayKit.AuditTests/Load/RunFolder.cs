using GatewayKit.Conservation;

namespace GatewayKit.AuditTests.Load;

/// <summary>The three logs of a run, in a directory that is kept if they contradict each other.</summary>
internal sealed class RunFolder : IDisposable
{
    private readonly DirectoryInfo _directory;
    private bool _isKept;

    /// <param name="parent">Where. Default: where temporary files are.</param>
    public RunFolder(string? parent = null)
    {
        _directory = parent is null ? Directory.CreateTempSubdirectory("gatewaykit-run-") : Directory.CreateDirectory(System.IO.Path.Combine(parent, Guid.NewGuid().ToString("N")));
        (Clients, Upstreams) = (new(System.IO.Path.Combine(Path, "clients")), new(System.IO.Path.Combine(Path, "upstreams")));
    }

    public string Path => _directory.FullName;

    public RunLog Clients { get; }

    public RunLog Upstreams { get; }

    public string Journal => System.IO.Path.Combine(Path, "audit");

    /// <summary>What the checker says of them so far.</summary>
    public Verdict Check()
    {
        Clients.Flush();
        Upstreams.Flush();
        var verdict = ConservationChecker.Check(Clients.Path, Upstreams.Path, Journal);
        _isKept = !verdict.IsConsistent;
        return verdict;
    }

    public void Dispose()
    {
        Clients.Dispose();
        Upstreams.Dispose();
        if (!_isKept)
        {
            _directory.Delete(recursive: true);
        }
    }
}
