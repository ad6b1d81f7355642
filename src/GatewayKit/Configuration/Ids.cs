namespace GatewayKit.Configuration;

/// <summary>What an id may be: it stands in logs, metrics and configuration keys.</summary>
internal static class Ids
{
    private const int MaxLength = 256;

    public static void Check(string? id, string kind, string path, Report report)
    {
        if (string.IsNullOrWhiteSpace(id))
        {
            report(path, $"The id of a {kind} is empty. Give it a name.");
        }
        else if (id.Length > MaxLength)
        {
            report(path, $"The id of the {kind} has {id.Length} characters; {MaxLength} are allowed.");
        }
        else if (id.Any(char.IsControl))
        {
            report(path, $"The id of the {kind} has a control character, which would break lines of logs. Remove it.");
        }
        else if (id.Contains(':', StringComparison.Ordinal))
        {
            report(path, $"The id '{id}' has a colon, which separates the keys of a configuration. Use another character.");
        }
    }
}
