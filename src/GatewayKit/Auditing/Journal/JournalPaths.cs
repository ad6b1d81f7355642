using System.Globalization;

namespace GatewayKit.Auditing.Journal;

/// <summary>Where the files of a journal are: <c>instance/boot/00000001.gkal</c>, beside each segment its checkpoints, and what belongs to the instance above.</summary>
internal static class JournalPaths
{
    /// <summary>A segment that is written or was closed.</summary>
    public const string Segment = ".gkal";

    /// <summary>A segment that was closed, verified and compressed (RFC 1952).</summary>
    public const string CompressedSegment = ".gkal.gz";

    /// <summary>The checkpoints of a segment.</summary>
    public const string Checkpoints = ".ck";

    /// <summary>What a crash left of a line, cut off a segment.</summary>
    public const string Torn = ".torn";

    /// <summary>The file that keeps other processes out of an instance's folder.</summary>
    public const string Lock = "lock";

    /// <summary>The private key of an instance that nobody else gave one.</summary>
    public const string SigningKey = "signing.key";

    /// <summary>What the end of a file is called that is not whole yet. After a crash it stays, and says nothing: its content is somewhere else, or was never told to anybody.</summary>
    public const string Unfinished = ".new";

    /// <summary>What a disk that has failed is tried with.</summary>
    public const string Probe = "probe";

    /// <summary>What is written when the disk is full, below the instance.</summary>
    public const string Reserve = "reserve";

    /// <summary>The public keys of an instance, by their ids.</summary>
    public const string PublicKeys = "keys";

    /// <summary>The folder of an instance in which is kept how far its copies are, and what they do not take.</summary>
    public const string Shipping = "shipping";

    public static string Instance(string directory, string instance) => Path.Combine(directory, instance);

    public static string Boot(string directory, string instance, Guid boot) => Path.Combine(directory, instance, boot.ToString("D"));

    public static string OfSegment(string bootDirectory, int number, string extension) =>
        Path.Combine(bootDirectory, number.ToString("D8", CultureInfo.InvariantCulture) + extension);

    /// <summary>The directories of a journal: its own, and where it goes on when that one's disk has failed.</summary>
    public static IEnumerable<string> Roots(string directory, string? alternate) => alternate is null ? [directory] : [directory, alternate];

    /// <summary>Whether a file in the folder of an instance is the writer's own, and no part of the record.</summary>
    public static bool IsOfInstance(string path) => Path.GetFileName(path) is Lock or Reserve or SigningKey or SigningKey + Unfinished;

    /// <summary>Whether a file in the folder of a boot is the writer's own, and no part of the record.</summary>
    public static bool IsOfBoot(string path) =>
        Path.GetFileName(path) is Probe || (NumberBefore(path, CompressedSegment + Unfinished) ?? NumberBefore(path, Torn + Unfinished)) is not null;

    /// <summary>Whether a file is a public key in the folder of those, or becomes one.</summary>
    public static bool IsPublicKey(string path) => path.EndsWith(".pem", StringComparison.Ordinal) || path.EndsWith(".pem" + Unfinished, StringComparison.Ordinal);

    /// <summary>What belongs to a segment, beside it.</summary>
    public static string Beside(string segment, string extension) => OfSegment(Path.GetDirectoryName(segment)!, NumberOf(segment)!.Value, extension);

    /// <summary>The number of a segment by the name of its file; <see langword="null"/> if it is none.</summary>
    public static int? NumberOf(string path) => NumberBefore(path, Segment) ?? NumberBefore(path, CompressedSegment);

    /// <summary>The number in front of an extension. There is one spelling only: two files of one name would each say that they are the segment.</summary>
    public static int? NumberBefore(string path, string extension) =>
        Path.GetFileName(path) is var name && name.EndsWith(extension, StringComparison.Ordinal)
        && int.TryParse(name.AsSpan(0, name.Length - extension.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && number > 0 && name.Length - extension.Length == number.ToString("D8", CultureInfo.InvariantCulture).Length ? number : null;

    /// <summary>What is wrong with the name of an instance; <see langword="null"/> if nothing is. It is a folder's name.</summary>
    public static string? FaultOfInstance(string instance) =>
        instance.Length is < 1 or > 64 || !instance.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') || instance[0] is '.'
            ? $"'{instance}' is not 1 to 64 letters, digits, '-', '_' and '.', the first of them not '.'"
            : null;
}
