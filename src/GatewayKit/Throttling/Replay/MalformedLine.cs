namespace GatewayKit.Throttling.Replay;

/// <summary>A line of a log that is no record.</summary>
/// <param name="Log">The name of the log.</param>
/// <param name="Line">Its number, from 1.</param>
/// <param name="Message">What is wrong with it, without its content.</param>
public sealed record MalformedLine(string Log, long Line, string Message)
{
    /// <summary>As compilers write it, such as <c>access.jsonl:17: client is not an IP address</c>.</summary>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Log}:{Line}: {Message}");
}
