namespace GatewayKit.RedisTests.Hosting;

/// <summary>Waits for what real servers do in their own time.</summary>
internal static class Eventually
{
    private const int Tries = 3_000;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    public static Task IsSoAsync(Func<bool> isSo) => IsSoAsync(() => Task.FromResult(isSo()));

    public static async Task IsSoAsync(Func<Task<bool>> isSo)
    {
        for (var i = 0; i < Tries; i++)
        {
            if (await isSo())
            {
                return;
            }

            await Task.Delay(Pause);
        }

        Assert.Fail("It did not come to be.");
    }
}
