namespace GatewayKit.Pipeline;

/// <summary>What exactly <see cref="RejectionReason.Overloaded"/> was for, see <see cref="GatewayProblem.Cause"/>. Without one there was no place and no queue.</summary>
internal static class OverloadCauses
{
    /// <summary>No place, and too many wait for one already.</summary>
    public const string QueueFull = "queue-full";

    /// <summary>No place came free in time, or none would have.</summary>
    public const string QueueTimeout = "queue-timeout";

    /// <summary>What is behind fails so much that only a part is sent on.</summary>
    public const string AdmissionShed = "admission-shed";

    /// <summary>The host itself has too much to do.</summary>
    public const string LoadShed = "load-shed";
}
