using System.Globalization;
using System.Text;

namespace GatewayKit.PostgreSql;

/// <summary>Writes the files of one boot, as decision 0009 has them. Not thread-safe.</summary>
internal sealed class BootWriter(JournalFiles files, string directory, string folder) : IDisposable
{
    private const string Number = "\"n\":";
    private readonly HashSet<int> _withCheckpoints = [];
    private FileStream? _segment;
    private int _number;

    /// <summary>The segment, relative to the directory.</summary>
    public string Name => PathOf(_number, "gkal");

    /// <summary>The line in it, from 1.</summary>
    public long Line { get; private set; }

    /// <summary>Adds a line; one of the kind <c>segment</c> begins a file.</summary>
    public void Add(string line, bool isSegment)
    {
        if (_segment is null || isSegment)
        {
            // A forged one may claim any number: it must not be written into the file of another.
            var number = isSegment ? NumberOf(line) : 1;
            if (_segment is null || (number > _number && number < 100_000_000))
            {
                _segment?.Dispose();
                (_number, Line) = (Math.Clamp(number, 1, 99_999_999), 0);
                _segment = JournalFiles.Create(Path.Combine(directory, Name));
            }
        }

        Write(_segment!, line);
        Line++;
        files.Lines++;
    }

    /// <summary>Adds a checkpoint.</summary>
    public void AddCheckpoint(int segment, string line)
    {
        var path = Path.Combine(directory, PathOf(segment, "ck"));
        using var file = _withCheckpoints.Add(segment) ? JournalFiles.Create(path) : new(path, FileMode.Append, FileAccess.Write);
        Write(file, line);
    }

    public void Dispose() => _segment?.Dispose();

    private string PathOf(int number, string extension) => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{number:D8}.{extension}"));

    private static void Write(FileStream file, string line)
    {
        file.Write(Encoding.UTF8.GetBytes(line));
        file.WriteByte((byte)'\n');
    }

    private static int NumberOf(string line)
    {
        var at = line.IndexOf(Number, StringComparison.Ordinal);
        var digits = at < 0 ? [] : line.AsSpan(at + Number.Length);
        var length = digits.IndexOfAnyExceptInRange('0', '9');
        return int.TryParse(digits[..Math.Max(0, length)], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
    }
}
