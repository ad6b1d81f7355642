namespace GatewayKit;

/// <summary>Tasks that perhaps nobody waits for to their end.</summary>
internal static class ObservedTask
{
    /// <summary>The task, whose failure counts as seen: nobody may be waiting any more when it comes.</summary>
    public static TTask Observed<TTask>(this TTask task) where TTask : Task
    {
        _ = task.ContinueWith(static late => _ = late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return task;
    }
}
