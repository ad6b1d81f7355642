namespace GatewayKit.Auditing.Journal;

/// <summary>Whether the journal takes lines. What is not <see cref="Running"/> refuses new beginnings; the ends of those it let in are kept in any case.</summary>
internal enum JournalState
{
    /// <summary>It writes.</summary>
    Running,

    /// <summary>The disk is full. It goes on by itself when there is room.</summary>
    DiskFull,

    /// <summary>The disk has failed, and there is no other directory. It tries again.</summary>
    Failed,

    /// <summary>Its thread has ended, which is a defect. Nothing but a new process helps.</summary>
    Dead,

    /// <summary>It was closed, or is being closed.</summary>
    Stopped,
}
