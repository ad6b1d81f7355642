using System.Text.Json;
using GatewayKit.Auditing.Journal;

namespace GatewayKit.Auditing.Shipping;

/// <summary>Where the boots of an instance are.</summary>
/// <param name="directory">The directory of the journal.</param>
/// <param name="alternateDirectory">The directory where it goes on when the disk of that has failed.</param>
/// <param name="instance">The instance.</param>
internal sealed class BootFolders(string directory, string? alternateDirectory, string instance)
{
    private readonly string[] _instances = [.. JournalPaths.Roots(directory, alternateDirectory).Select(one => JournalPaths.Instance(one, instance))];

    /// <summary>Where the sinks of the instance have their files.</summary>
    public string Shipping => Path.Combine(_instances[0], JournalPaths.Shipping);

    /// <summary>The folders of a boot.</summary>
    public IReadOnlyList<string> Of(Guid boot) => [.. _instances.Select(folder => Path.Combine(folder, boot.ToString("D")))];

    public bool Exists(Guid boot) => Of(boot).Any(Directory.Exists);

    /// <summary>The other boots, in the order in which they began, as far as they say.</summary>
    public IReadOnlyList<Guid> Earlier(Guid current) =>
    [
        .. _instances.Where(Directory.Exists).SelectMany(static folder => Directory.EnumerateDirectories(folder))
            .Select(static folder => Guid.TryParseExact(Path.GetFileName(folder), "D", out var boot) ? boot : (Guid?)null).OfType<Guid>()
            .Where(boot => boot != current).Distinct().OrderBy(Began).ThenBy(static boot => boot),
    ];

    // The order is a courtesy: each boot has a position of its own, so a clock that was set back loses nothing.
    private DateTimeOffset Began(Guid boot)
    {
        var numbers = Of(boot).Where(Directory.Exists).SelectMany(static folder => Directory.EnumerateFiles(folder)).Select(static file => JournalPaths.NumberOf(file)).OfType<int>();
        try
        {
            using var source = SegmentSource.TryOpen(Of(boot), numbers.DefaultIfEmpty().Min());
            var line = new byte[2048];
            var length = source?.Read(line, 0) ?? 0;
            var end = line.AsSpan(0, length).IndexOf((byte)'\n');
            using var json = JsonDocument.Parse(line.AsMemory(0, Math.Max(0, end)));
            return json.RootElement.GetProperty("ts").GetDateTimeOffset();
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or InvalidDataException or IOException or UnauthorizedAccessException)
        {
            return DateTimeOffset.MinValue;
        }
    }
}
