namespace Standalone;

/// <summary>Who calls this.</summary>
internal static class CurrentUser
{
    private const int MostLetters = 60;

    /// <summary>The name, or <c>uid-</c> and the number of a user who has none, as in containers that run as a number.</summary>
    public static string Name { get; } = Environment.UserName is { Length: > 0 } name ? name : $"uid-{Number() ?? "unknown"}";

    /// <summary>What an audit journal calls whoever reads it from outside of a gateway: the instance in which that is recorded.</summary>
    public static string ReaderName => "cli-" + string.Concat(Name.Select(static letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' ? letter : '_').Take(MostLetters));

    // "Uid:" and the real one first (proc_pid_status(5)).
    private static string? Number()
    {
        const string status = "/proc/self/status";
        return File.Exists(status) ? File.ReadLines(status).FirstOrDefault(static line => line.StartsWith("Uid:", StringComparison.Ordinal))?.Split('\t').ElementAtOrDefault(1) : null;
    }
}
