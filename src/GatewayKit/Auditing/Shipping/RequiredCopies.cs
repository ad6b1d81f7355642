using System.Text;
using GatewayKit.Auditing.Custody;
using GatewayKit.Auditing.Journal;

namespace GatewayKit.Auditing.Shipping;

/// <summary>
/// Who has to have a segment before it is deleted, as the host of an instance has left it in a file beside the positions of its sinks, for whoever deletes without that host. Of guards nobody
/// else can say how far they are: they keep everything.
/// </summary>
/// <param name="shipping">The folder of the instance in which sinks have their files.</param>
/// <param name="ignored">Whom nobody waits for.</param>
internal sealed class RequiredCopies(string shipping, IReadOnlyCollection<string> ignored) : IAuditSegmentGuard
{
    private const string FileName = "required";
    private const string Guard = "guard:";

    /// <summary>Who did not have the segment that was asked for last.</summary>
    public IReadOnlyList<string> Missing { get; private set; } = [];

    /// <summary>Leaves the names.</summary>
    /// <exception cref="IOException">There is no room.</exception>
    public static void Write(string shipping, IEnumerable<string> sinks, IEnumerable<Type> guards)
    {
        string[] names = [.. sinks, .. guards.Select(static type => Guard + type.FullName)];
        var path = Path.Combine(shipping, FileName);
        if (names.Length is 0 && !Directory.Exists(shipping))
        {
            return;
        }

        // Half of it would have segments deleted that somebody has to have.
        var files = JournalFiles.Instance;
        files.CreateDirectory(shipping);
        files.WriteWhole(path, Encoding.UTF8.GetBytes(string.Concat(names.Select(static name => name + "\n"))));
    }

    public bool MayDelete(string instance, Guid boot, int segment)
    {
        Missing = [.. Names().Where(name => !ignored.Contains(name, StringComparer.OrdinalIgnoreCase) && !Has(name, boot, segment))];
        return Missing.Count is 0;
    }

    // A journal from before there was such a file: whoever has a position counts.
    private IEnumerable<string> Names() =>
        File.Exists(Path.Combine(shipping, FileName)) ? File.ReadAllLines(Path.Combine(shipping, FileName))
        : Directory.Exists(shipping) ? Directory.GetFiles(shipping, "*" + PositionFile.Extension).Select(static file => Path.GetFileNameWithoutExtension(file)!)
        : [];

    private bool Has(string name, Guid boot, int segment) =>
        !name.StartsWith(Guard, StringComparison.Ordinal)
        && new PositionFile(Path.Combine(shipping, name + PositionFile.Extension)).TryRead()?.Any(position => position.Boot == boot && position.HasAll(segment)) is true;
}
