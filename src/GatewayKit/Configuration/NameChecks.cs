using GatewayKit.Pipeline;

namespace GatewayKit.Configuration;

/// <summary>Checks the names of header fields and cookies that the gateway reads and writes for itself.</summary>
internal static class NameChecks
{
    /// <param name="name">What should be one.</param>
    /// <param name="example">A name that could be meant.</param>
    /// <param name="path">Where the name stands.</param>
    /// <param name="report">Takes the error.</param>
    public static void CheckHeader(string name, string example, string path, Report report)
    {
        if (!HttpToken.Is(name))
        {
            report(path, $"'{name}' is not a header name, such as \"{example}\".");
        }
        else if (MessageFields.WhyFixedInRequest(name) is { } reason)
        {
            report(path, $"{name} cannot be used: {reason}. Name a field of your own, such as {example}.");
        }
    }

    /// <param name="name">What should be one.</param>
    /// <param name="path">Where the name stands.</param>
    /// <param name="report">Takes the error.</param>
    public static void CheckCookie(string name, string path, Report report)
    {
        if (!HttpToken.Is(name))
        {
            report(path, $"'{name}' is not the name of a cookie (RFC 6265 §4.1.1): letters, digits, '.', '-' and '_' are.");
        }
    }
}
