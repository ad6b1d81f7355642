namespace GatewayKit.Routing;

/// <summary>How strictly the literal parts of a path template are compared.</summary>
public enum PathComparison
{
    /// <summary>As ASP.NET Core routing does: without regard to case and to a slash at the end.</summary>
    IgnoreCase,

    /// <summary>With regard to case.</summary>
    CaseSensitive,

    /// <summary>With regard to case and to a slash at the end.</summary>
    Exact,
}
