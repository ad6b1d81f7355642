namespace GatewayKit.Rollout.Diffing;

/// <summary>A JSON pointer (RFC 6901) in which <c>*</c> stands for any name or index.</summary>
internal sealed class JsonPattern(string text)
{
    private readonly string[] _tokens = Array.ConvertAll(text[1..].Split('/'), static token => token.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal));

    public bool Matches(IReadOnlyList<string> path)
    {
        if (path.Count != _tokens.Length)
        {
            return false;
        }

        for (var i = path.Count - 1; i >= 0; i--)
        {
            if (_tokens[i] != "*" && _tokens[i] != path[i])
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Writes a path as a pointer.</summary>
    public static string Write(IReadOnlyList<string> path) => string.Concat(
        path.Select(static token => "/" + token.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)));
}
