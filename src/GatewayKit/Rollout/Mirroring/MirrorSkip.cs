namespace GatewayKit.Rollout.Mirroring;

/// <summary>Why a request that was chosen got no copy.</summary>
internal static class MirrorSkip
{
    public const string Full = "in-flight";
    public const string Body = "body";
    public const string BodyTooLarge = "body-too-large";
    public const string BodyUnread = "body-unread";
    public const string Stream = "stream";
    public const string Draining = "draining";
    public const string NoCluster = "no-cluster";
    public const string NoDestination = "no-destination";
    public const string CircuitOpen = "circuit-open";
    public const string Busy = "busy";
    public const string NotSent = "not-sent";
    public const string Internal = "internal";
}
