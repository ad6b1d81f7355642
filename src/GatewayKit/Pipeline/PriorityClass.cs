namespace GatewayKit.Pipeline;

/// <summary>The classes of requests that there are unless <see cref="GatewayOptions.PriorityClasses"/> says otherwise.</summary>
public static class PriorityClass
{
    /// <summary>What must go through when little does: sign-in, payment. Sheds last.</summary>
    public const string Critical = nameof(Critical);

    /// <summary>What nobody said anything else of.</summary>
    public const string Standard = nameof(Standard);

    /// <summary>What can come back later: reports, crawlers, prefetching. Sheds first.</summary>
    public const string BestEffort = nameof(BestEffort);
}
