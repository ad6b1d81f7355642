namespace GatewayKit.Tests;

public sealed class DetachedTimerTests
{
    private static readonly AsyncLocal<string?> Context = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Timer_does_not_keep_the_context_it_was_made_in(bool isSuppressed)
    {
        Context.Value = "a request's";
        var seen = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var timer = Make(isSuppressed, _ => seen.TrySetResult(Context.Value));
        await using (timer.ConfigureAwait(false))
        {
            Assert.True(timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan));
            Assert.Null(await seen.Task.WaitAsync(TimeSpan.FromSeconds(30)));
            Assert.Equal("a request's", Context.Value);
        }
    }

    private static ITimer Make(bool isSuppressed, TimerCallback callback)
    {
        // Where the flow is suppressed already, that must not be an error.
        using (isSuppressed ? ExecutionContext.SuppressFlow() : default)
        {
            return TimeProvider.System.CreateDetachedTimer(callback, null);
        }
    }
}
